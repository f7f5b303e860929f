// @ts-check
// Saving a form: only what was changed is sent, made from the revision it was read at; a conflict is put to the person.
import { get, ifRevision, patch } from '../core/api.js';
import { chooseBetween } from './conflict.js';

/**
 * @param {{path: string, what: string, resource: any, form: any, labels: Record<string, string>,
 *   toFields: (resource: any) => Record<string, string>,
 *   toBody: (fields: Record<string, string>, before: any) => any,
 *   words?: Record<string, (text: string) => string>}} it words: how a person reads a field whose text is for programs
 * @returns {Promise<any>} what is stored in the end
 */
export async function saveForm({ path, what, resource, form, labels, toFields, toBody, words }) {
  let base = form.base, changes = { ...form.changes }, before = resource;
  for (;;) {
    try {
      return await patch(path, toBody(changes, before), ifRevision(before.revision));
    } catch (problem) {
      if (problem.status !== 412) throw problem;
      const stored = await get(path), theirs = toFields(stored), mine = { ...base, ...changes };
      const clash = Object.keys(labels).some(name => (theirs[name] ?? '') !== (mine[name] ?? ''));
      const chosen = clash ? await chooseBetween({ what, base, theirs, mine, labels, words }) : null;
      if (!chosen) return stored;
      changes = Object.fromEntries(Object.keys(labels).filter(name => chosen[name] !== (theirs[name] ?? ''))
        .map(name => [name, chosen[name]]));
      [base, before] = [theirs, stored];
      if (Object.keys(changes).length === 0) return stored;
    }
  }
}
