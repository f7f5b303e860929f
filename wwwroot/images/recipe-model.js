// @ts-check
// What a version's recipe has a machine load, in order. Pure.

/** How an initrd takes a machine's overlay. */
export const overlayKinds = { none: 'cannot be delivered', systemd: 'by a unit of systemd',
  tmpfiles: 'by systemd-tmpfiles', creds: 'as credentials of systemd', dracut: 'by a hook of dracut',
  'initramfs-tools': 'by a script of initramfs-tools', plain: 'in place: the system runs in its initrd',
  shim: 'by a script that runs before switch_root' };

/**
 * @typedef {{key: string, system: string, variant: string | null, recipe: any}} NamedRecipe key: as overlay kinds name
 *   it
 * @typedef {{role: string, label: string, file: any, name?: string}} Part role: as in an upload; name: what the file
 *   was called when it was uploaded
 */

/** All recipes of a version; those that boot come first. @returns {NamedRecipe[]} */
export const recipesOf = version => Object.entries(version.systems).flatMap(([system, recipe]) => [
  { key: system, system, variant: null, recipe },
  ...Object.entries(recipe.variants ?? {}).map(([variant, other]) =>
    ({ key: `${system}/${variant}`, system, variant, recipe: other }))])
  .sort((left, right) => Number(boots(right.recipe)) - Number(boots(left.recipe)));

/** Firmware as people write it. @param {string[]} names bios, efi */
export const firmwareText = (names = []) => names.map(name => ({ bios: 'BIOS', efi: 'UEFI' })[name] ?? name)
  .join(' and ');

/** Whether there is something to start over the network. */
export const boots = recipe => Boolean(recipe.kernel ?? recipe.efi);

/** The URL name of an initrd by its place, from 0. @param {number} at */
export const initrdName = at => at === 0 ? 'initrd' : `initrd${at + 1}`;

/** What each firmware starts. @returns {(Part & {firmware: string})[]} */
export function programsOf({ system, recipe }) {
  const kernel = recipe.kernel && { role: 'kernel', label: 'Kernel', file: recipe.kernel };
  const efi = recipe.efi && { role: 'efi', label: 'EFI program', file: recipe.efi };
  if (efi && kernel) return [{ ...efi, firmware: 'UEFI' }, { ...kernel, firmware: 'BIOS' }];
  if (efi) return [{ ...efi, firmware: 'UEFI only' }];
  return kernel ? [{ ...kernel, firmware: system.startsWith('x86') ? 'BIOS and UEFI' : 'UEFI' }] : [];
}

/** @returns {Part[]} */
export const initrdsOf = ({ recipe }) => recipe.initrds.map((file, at) => ({ role: initrdName(at), file,
  label: recipe.initrds.length > 1 ? `Initrd ${at + 1}` : 'Initrd' }));

/** What verifies the kernel under Secure Boot; UEFI machines load it last. @returns {Part[]} */
export const shimOf = ({ recipe }) => recipe.shim && boots(recipe)
  ? [{ role: 'shim', label: 'Shim', file: recipe.shim }] : [];

/** What the booted system fetches by itself. @returns {Part[]} */
export const furtherOf = ({ recipe }) => Object.entries(recipe.files ?? {}).map(([name, file]) =>
  ({ role: `files/${name}`, label: name, file }));

/** What is kept beside and not part of a network boot. @returns {Part[]} */
export const besideOf = ({ recipe }) => [
  ['kexec', 'Kexec tarball', recipe.kexec],
  ['kexec-noninteractive', 'Kexec tarball, unattended', recipe.kexecNoninteractive], ['iso', 'ISO', recipe.iso]]
  .filter(([, , file]) => file).map(([role, label, file]) => ({ role, label, file }));

/** Bytes by firmware that are loaded before the system starts. @returns {[firmware: string, bytes: number][]} */
export function loadsOf(named) {
  const initrds = initrdsOf(named).reduce((sum, { file }) => sum + file.sizeBytes, 0);
  const shim = shimOf(named).reduce((sum, { file }) => sum + file.sizeBytes, 0);
  const programs = programsOf(named);
  // A shim makes one firmware load more than the other, although both start the same kernel.
  if (shim && programs.length === 1 && programs[0].firmware === 'BIOS and UEFI')
    return ['UEFI', 'BIOS'].map(firmware => [firmware, programs[0].file.sizeBytes + initrds
      + (firmware === 'UEFI' ? shim : 0)]);
  return programs.map(({ firmware, file }) => [firmware, file.sizeBytes + initrds
    + (firmware === 'BIOS' ? 0 : shim)]);
}

/** What a part was called when it was uploaded. */
export const uploadedAs = (version, { system, variant }, role) =>
  variant === null ? version.provenance?.files?.[`${system}/${role}`] : undefined;
