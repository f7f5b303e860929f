// @ts-check
// Where an image can come from: its words, and what a new source of each kind begins with.

/** @typedef {{type: string, name: string, text: string, begin: any}} Kind */

/** @type {Kind[]} */
export const kinds = [
  { type: 'url', name: 'From URLs', text: 'Any files by their addresses, each verified: Debian, Arch, your own mirror.',
    begin: { type: 'url', files: [{ role: 'kernel', url: '' }, { role: 'initrd', url: '' }] } },
  { type: 'release', name: 'NixOS release', text: 'A folder with the file names of nixos-images.',
    begin: { type: 'release',
      url: 'https://github.com/nix-community/nixos-images/releases/download/nixos-unstable' } },
  { type: 'nix', name: 'Built by Nix', text: 'A flake or file, built on this server.',
    begin: { type: 'nix', installable: '' } },
  { type: 'hydra', name: 'Hydra', text: 'The latest good build of a job.',
    begin: { type: 'hydra', url: 'https://hydra.nixos.org', project: 'nixos', jobset: 'unstable-small',
      job: 'nixos.netboot.x86_64-linux' } },
  { type: 'cache', name: 'Binary cache', text: 'A store path, without Nix on this server.',
    begin: { type: 'cache', url: 'https://cache.nixos.org', publicKeys: [], storePath: '' } },
  { type: 'directory', name: 'Folder on the server', text: 'What is there becomes a version at each refresh.',
    begin: { type: 'directory', path: '' } },
  { type: 'upload', name: 'Upload', text: 'Files from this computer, or from a build: nothing is fetched.',
    begin: { type: 'upload' } },
];

/** What a new source of that type begins with, as the text of the form. @param {string} type */
export const beginning = type => JSON.stringify(kinds.find(kind => kind.type === type)?.begin ?? { type }, null, 2);
