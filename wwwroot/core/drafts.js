// @ts-check
// What has been typed into forms and not yet saved; it outlives the pages it was typed on.

/**
 * values: those that differ from base, what is stored; errors: faults by field and by JSON path.
 * @typedef {import('@preact/signals').Signal<Record<string, string>>} Fields
 * @typedef {{values: Fields, errors: Fields, base: Fields, resource: any}} Draft
 */

/** Drafts by what they are of. @type {Map<string, Draft>} */
export const drafts = new Map();

/** The key of a draft that is of these machines and of no others. */
export const keyOf = (what, list) => `${what}/${list.map(machine => machine.name).join()}`;

/** Whether anything typed is not saved: the browser asks before the page goes. */
export const hasDrafts = () => [...drafts.values()].some(draft => Object.keys(draft.values.value).length > 0);
