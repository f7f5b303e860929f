// @ts-check
// What an upload consists of: files in the order in which they are sent, each as a part of a version. Pure.

/** @typedef {{file: File, system: string, role: string, name: string, why: string}} Row role: '' is left out; name: of
 *  a further file */

/** Roles as the API names them, and what a person calls them. @type {[role: string, label: string][]} */
export const roles = [['kernel', 'Kernel'], ['efi', 'EFI program'], ['initrd', 'Initrd'], ['files', 'Further file'],
  ['shim', 'Shim'], ['kexec-noninteractive', 'Kexec tarball, unattended'], ['kexec', 'Kexec tarball'], ['iso', 'ISO'],
  ['', 'Leave out']];
export const systems = ['x86_64-linux', 'aarch64-linux', 'riscv64-linux'];
const several = ['initrd', 'files'];

/** A name that a further file may have. @param {string} text */
export const fileName = text => text.replace(/^.*[/\\]/, '').replace(/[^A-Za-z0-9._-]/g, '-')
  .replace(/^[^A-Za-z0-9]+/, '').slice(0, 64) || 'file';

/** A row for a file, with the part that was guessed for it, such as x86_64-linux/files/rootfs. */
export function rowOf(file, system, { part = '', why = '' } = {}) {
  const [of, role = '', name] = part.split('/');
  return { file, system: of || system, role, name: name ?? fileName(file.name), why };
}

/** The name of each row's part in the form, '' for those that are left out. @param {Row[]} rows */
export const partsOf = rows => rows.map(({ system, role, name }) =>
  !role ? '' : role === 'files' ? `${system}/files/${name}` : `${system}/${role}`);

/** The name under which the server complains of each part: it counts initrds. @param {Row[]} rows */
export function complaintNames(rows) {
  const counts = new Map();
  return partsOf(rows).map(part => {
    if (!part.endsWith('/initrd')) return part;
    counts.set(part, (counts.get(part) ?? 0) + 1);
    return counts.get(part) > 1 ? `${part}${counts.get(part)}` : part;
  });
}

/** What is wrong with the rows as they are: by the row, and of all. @param {Row[]} rows */
export function faultsOf(rows) {
  const parts = partsOf(rows), all = [];
  const at = rows.map(({ role, name }, index) => {
    if (!role) return '';
    if (role === 'files' && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
      return 'Use letters, digits, dots, hyphens and underscores, at most 64.';
    const first = parts.indexOf(parts[index]);
    return first < index && (role === 'files' || !several.includes(role)) ? `${rows[first].file.name} is that already.`
      : '';
  });
  for (const system of new Set(rows.filter(row => row.role).map(row => row.system))) {
    const mine = new Set(rows.filter(row => row.system === system).map(row => row.role));
    if (!mine.has('kernel') && !mine.has('efi') && ['initrd', 'files', 'shim'].some(role => mine.has(role)))
      all.push(`${system} has neither a kernel nor an EFI program yet.`);
  }
  return { at, all };
}

/** Rows with one moved to another place. @param {Row[]} rows */
export function moved(rows, from, to) {
  const next = [...rows];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** Rows with more files: one of a name that is there already takes its place.
 *  @param {Row[]} rows @param {File[]} files */
export const withFiles = (rows, files, system) => [...rows.filter(row => !files.some(file =>
  file.name === row.file.name)), ...files.map(file => rowOf(file, system))];

/** Rows as the server guesses them, in the order in which it wants them. @param {Row[]} rows */
export function guessed(rows, answer, system) {
  const left = [...rows];
  return answer.files.flatMap(found => {
    const at = left.findIndex(row => row.file.name === found.name);
    return at < 0 ? [] : left.splice(at, 1).map(row => rowOf(row.file, system, found));
  }).concat(left);
}
