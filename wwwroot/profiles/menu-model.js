// @ts-check
// A profile's menu while it is edited: as a text, so that a draft of it can be compared, kept and sent. Pure.

/** @typedef {{profile?: string, action?: string, label?: string}} Entry */
/** @typedef {{title: string, timeoutSeconds: number, chosen: string, entries: Entry[]}} Menu */

/** What is not a profile, in words. */
export const actions = { local: 'Local disk', shell: 'iPXE shell' };

export const mostEntries = 50;

/** What an entry leads to; one of each in a menu. @param {Entry} entry */
export const target = entry => entry.profile !== undefined ? `profile ${entry.profile}` : `action ${entry.action}`;

/** An entry that leads there. @param {string} to as of `target` @param {string} [label] */
export function entryFor(to, label) {
  const [kind, ...name] = to.split(' ');
  return { [kind]: name.join(' '), ...label ? { label } : {} };
}

/** The field's text; equal menus have equal texts. @param {Menu} menu */
const write = ({ title, timeoutSeconds, chosen, entries }) => JSON.stringify({ title, timeoutSeconds, chosen,
  entries: entries.map(entry => entryFor(target(entry), entry.label)) });

/** @param {string} text @returns {Menu | null} */
export const read = text => text ? JSON.parse(text) : null;

/** From the API's menu to the field's text; '' without one. @param {any} menu */
export function fromApi(menu) {
  if (!menu) return '';
  const first = menu.entries[0], chosen = menu.default
    ? menu.entries.find((/** @type {Entry} */ entry) => (entry.profile ?? entry.action) === menu.default) : first;
  return write({ title: menu.title ?? '', timeoutSeconds: menu.timeoutSeconds, chosen: target(chosen ?? first),
    entries: menu.entries });
}

/** From the field's text to the API's menu; null leaves a member out, also when it is merged. @param {string} text */
export function toApi(text) {
  const menu = read(text);
  if (!menu) return null;
  const chosen = menu.entries.find(entry => target(entry) === menu.chosen);
  return { title: menu.title || null, timeoutSeconds: menu.timeoutSeconds,
    default: chosen ? chosen.profile ?? chosen.action : null, entries: menu.entries };
}

/** A menu to begin with: this profile, then the disk. @param {string} profile */
export const begin = profile => write({ title: '', timeoutSeconds: 15, chosen: profile ? `profile ${profile}`
  : 'action local', entries: [...profile ? [{ profile }] : [], { action: 'local' }, { action: 'shell' }] });

/** @param {Menu} menu @param {Partial<Menu>} changes */
export const changed = (menu, changes) => write({ ...menu, ...changes });

/** With another entry there. @param {Menu} menu @param {number} at @param {Entry} entry */
export const replaced = (menu, at, entry) => write({ ...menu,
  chosen: menu.chosen === target(menu.entries[at]) ? target(entry) : menu.chosen,
  entries: menu.entries.with(at, entry) });

/** With an entry moved, as long as it stays in. @param {Menu} menu @param {number} at @param {number} to */
export function moved(menu, at, to) {
  const entries = [...menu.entries];
  if (to >= 0 && to < entries.length) entries.splice(to, 0, ...entries.splice(at, 1));
  return write({ ...menu, entries });
}

/** Without an entry; the first is chosen when it was this one. @param {Menu} menu @param {number} at */
export function without(menu, at) {
  const entries = menu.entries.toSpliced(at, 1);
  return write({ ...menu, entries, chosen: menu.chosen === target(menu.entries[at]) && entries[0] ? target(entries[0])
    : menu.chosen });
}

/** With an entry more. @param {Menu} menu @param {Entry} entry */
export const added = (menu, entry) => write({ ...menu, entries: [...menu.entries, entry] });

/** For people, a line each; for comparing two menus. @param {string} text */
export function inWords(text) {
  const menu = read(text);
  if (!menu) return '';
  return [menu.title && `“${menu.title}”`, ...menu.entries.map((entry, at) =>
    `${at + 1}. ${entry.profile ?? actions[/** @type {'local'} */ (entry.action)]}${
      entry.label ? ` “${entry.label}”` : ''}${target(entry) === menu.chosen ? ' (default)' : ''}`),
  menu.timeoutSeconds ? `after ${menu.timeoutSeconds} s the default` : 'waits for a person'].filter(Boolean).join('\n');
}
