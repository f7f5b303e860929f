// @ts-check
// What can be done to machines, one or many: each act says what it did and, where possible, takes it back.
import { html } from '../core/ui.js';
import { patch, put, remove, ifRevision } from '../core/api.js';
import { machines } from '../core/stores.js';
import { toast } from '../parts/messages.js';
import { ask } from '../parts/dialog.js';
import { plural } from '../parts/format.js';

const atOnce = 6;

/**
 * Does something to each, a few at a time.
 * @param {any[]} items
 * @param {(item: any) => Promise<unknown>} act
 * @param {(ended: number) => void} progress
 * @param {AbortSignal} [signal] none is begun after it
 * @returns {Promise<{done: any[], problems: Map<string, Error>, left: number}>} left: how many were not begun
 */
export async function each(items, act, progress = () => {}, signal) {
  const problems = new Map(), done = [], queue = [...items];
  await Promise.all(Array.from({ length: Math.min(atOnce, queue.length) }, async () => {
    while (queue.length > 0 && !signal?.aborted) {
      const item = queue.shift();
      try { await act(item); done.push(item); } catch (problem) { problems.set(item.name, problem); }
      progress(done.length + problems.size);
    }
  }));
  return { done, problems, left: queue.length };
}

const named = list => list.length === 1 ? list[0].name : plural(list.length, 'machine');

/** Says of how many it was done, and why not of the others. */
export function report(text, list, { done, problems, left }, undo) {
  const first = [...problems][0], back = done.length > 0 ? undo : undefined;
  if (!first && left === 0) return toast(text, { undo: back });
  toast(html`${text.replace(named(list), `${done.length} of ${plural(list.length, 'machine')}`)}.${left > 0
    && ` Stopped: ${left === 1 ? 'the other is' : `${plural(left, 'machine')} are`} as before.`}${first
    && html` <b dir="auto">${first[0]}</b>: ${first[1].message}`}`, { undo: back, seconds: 15 });
}

/** Changes some fields of many machines; the fields' old values come back with undo. */
export async function change(list, what, fields, progress, signal) {
  const before = new Map(list.map(machine => [machine.name, machine]));
  const result = await each(list, async machine =>
    machines.put(await patch(`machines/${encodeURIComponent(machine.name)}`,
    typeof fields === 'function' ? fields(machine) : fields)), progress, signal);
  const undo = async () => {
    const changed = result.done;
    const back = await each(changed, async ({ name }) => {
      const old = before.get(name);
      const keys = Object.keys(typeof fields === 'function' ? fields(old) : fields);
      const fieldsBack = Object.fromEntries(keys.map(key =>
        [key, key === 'labels' ? restored(old.labels, machines.items.peek().get(name)?.labels) : old[key] ?? null]));
      machines.put(await patch(`machines/${encodeURIComponent(name)}`, fieldsBack));
    });
    report(`Taken back for ${named(changed)}`, changed, back);
  };
  report(`${what}: ${named(list)}`, list, result, undo);
}

/** A merge that makes labels what they were: those that came are dropped. */
const restored = (old, now = {}) => ({ ...Object.fromEntries(Object.keys(now).map(key => [key, null])), ...old });

/**
 * @param {any[]} list
 * @param {{profile?: string, action?: string}} next one of them
 * @param {(ended: number) => void} [progress]
 * @param {AbortSignal} [signal]
 */
export async function bootNext(list, next, progress, signal) {
  const before = new Map(list.map(machine => [machine.name, machine.nextBoot]));
  const result = await each(list, async machine =>
    machines.put(await put(`machines/${encodeURIComponent(machine.name)}/next-boot`, next)), progress, signal);
  const what = next.profile ?? { local: 'local disk', menu: 'menu', shell: 'iPXE shell' }[next.action];
  report(`${what} set as next boot of ${named(list)}`, list, result, () => takeBack(result.done, before));
}

/** Takes next boots back, or makes them what they were. */
export async function takeBack(list, before = new Map()) {
  const result = await each(list, async ({ name }) => {
    const path = `machines/${encodeURIComponent(name)}/next-boot`, old = before.get(name);
    if (old) return machines.put(await put(path, old.profile ? { profile: old.profile } : { action: old.action }));
    await remove(path);
    const known = machines.items.peek().get(name);
    if (known) machines.put({ ...known, nextBoot: undefined });
  });
  report(`Next boot of ${named(list)} taken back`, list, result);
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
  const result = await each(list, async machine => {
    await remove(`machines/${encodeURIComponent(machine.name)}`);
    machines.drop(machine.name);
  });
  report(`Deleted ${named(list)}`, list, result);
  return result.problems.size === 0;
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
