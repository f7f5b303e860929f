// What can be done to machines, one or many: each act says what it did and, where possible, takes it back.
import { html } from './ui.js';
import { patch, put, remove, ifRevision } from './api.js';
import { machines } from './stores.js';
import { toast } from './parts/messages.js';
import { ask } from './parts/dialog.js';
import { plural } from './parts/format.js';

const atOnce = 6;

/** Does something to each, a few at a time. @returns the problems by name */
export async function each(items, act, progress = () => {}) {
  const problems = new Map(), queue = [...items];
  let done = 0;
  await Promise.all(Array.from({ length: Math.min(atOnce, queue.length) }, async () => {
    for (let item = queue.shift(); item; item = queue.shift()) {
      try { await act(item); } catch (problem) { problems.set(item.name, problem); }
      progress(++done, items.length);
    }
  }));
  return problems;
}

const named = list => list.length === 1 ? list[0].name : plural(list.length, 'machine');

function report(text, list, problems, undo) {
  const first = [...problems][0];
  if (!first) return toast(text, { undo });
  toast(html`${text.replace(named(list), `${list.length - problems.size} of ${plural(list.length, 'machine')}`)}.
    <b dir="auto">${first[0]}</b>: ${first[1].message}`, { undo, seconds: 15 });
}

/** Changes some fields of many machines; the fields' old values come back with undo. */
export async function change(list, what, fields, progress) {
  const before = new Map(list.map(machine => [machine.name, machine]));
  const problems = await each(list, async machine =>
    machines.put(await patch(`machines/${encodeURIComponent(machine.name)}`,
    typeof fields === 'function' ? fields(machine) : fields)), progress);
  const undo = async () => {
    const changed = list.filter(machine => !problems.has(machine.name));
    const failed = await each(changed, async ({ name }) => {
      const old = before.get(name);
      const keys = Object.keys(typeof fields === 'function' ? fields(old) : fields);
      const back = Object.fromEntries(keys.map(key =>
        [key, key === 'labels' ? restored(old.labels, machines.items.peek().get(name)?.labels) : old[key] ?? null]));
      machines.put(await patch(`machines/${encodeURIComponent(name)}`, back));
    });
    report(`Taken back for ${named(changed)}`, changed, failed);
  };
  report(`${what}: ${named(list)}`, list, problems, undo);
}

/** A merge that makes labels what they were: those that came are dropped. */
const restored = (old, now = {}) => ({ ...Object.fromEntries(Object.keys(now).map(key => [key, null])), ...old });

/** @param {{profile: string} | {action: string}} next */
export async function bootNext(list, next, progress) {
  const before = new Map(list.map(machine => [machine.name, machine.nextBoot]));
  const problems = await each(list, async machine =>
    machines.put(await put(`machines/${encodeURIComponent(machine.name)}/next-boot`, next)), progress);
  const what = next.profile ?? { local: 'local disk', menu: 'menu', shell: 'iPXE shell' }[next.action];
  report(`${what} set as next boot of ${named(list)}`, list, problems, () => takeBack(list, before));
}

/** Takes next boots back, or makes them what they were. */
export async function takeBack(list, before = new Map()) {
  const problems = await each(list, async ({ name }) => {
    const path = `machines/${encodeURIComponent(name)}/next-boot`, old = before.get(name);
    if (old) return machines.put(await put(path, old.profile ? { profile: old.profile } : { action: old.action }));
    await remove(path);
    const known = machines.items.peek().get(name);
    if (known) machines.put({ ...known, nextBoot: undefined });
  });
  report(`Next boot of ${named(list)} taken back`, list, problems);
}

/** Asks, then deletes. @returns {Promise<boolean>} whether they are gone */
export async function drop(list) {
  const names = list.slice(0, 5).map(machine => machine.name)
    .join(', ') + (list.length > 5 ? ` and ${list.length - 5} more` : '');
  const what = list.length === 1 ? `Delete ${list[0].name}?` : `Delete ${plural(list.length, 'machine')}?`;
  const sure = await ask({ title: what, action: list.length === 1 ? 'Delete machine'
    : `Delete ${plural(list.length, 'machine')}`,
    keep: list.length === 1 ? 'Keep it' : 'Keep them',
    text: html`<bdi>${names}</bdi> ${list.length === 1 ? 'loses its'
      : 'lose their'} labels, profile and notes. What booted stays in the
      history. ${list.length === 1 ? 'If it boots again, it is'
        : 'If they boot again, they are'} discovered as new.` });
  if (!sure) return false;
  const problems = await each(list, async machine => {
    await remove(`machines/${encodeURIComponent(machine.name)}`);
    machines.drop(machine.name);
  });
  report(`Deleted ${named(list)}`, list, problems);
  return problems.size === 0;
}

/** Registers a discovered machine under a name. */
export async function approve(machine, name, fields) {
  const { macs, uuid, serial, asset } = machine;
  const spec = Object.fromEntries(Object.entries({ macs, uuid, serial, asset, ...fields })
    .filter(([, value]) => value !== undefined && value !== null));
  // A name of its own must be free; its discovered name is its own record, as it was seen here.
  const saved = await put(`machines/${encodeURIComponent(name)}`, spec,
    name === machine.name ? ifRevision(machine.revision) : { headers: { 'If-None-Match': '*' } });
  if (name !== machine.name) machines.drop(machine.name);
  machines.put(saved);
  return saved;
}
