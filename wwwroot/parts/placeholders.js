// @ts-check
// Placeholders in kernel arguments, such as {{ net.mac }}: which there are, and where a text has some.
import { html, signal, useEffect } from '../core/ui.js';
import { get } from '../core/api.js';
import { has } from '../core/state.js';

/** @typedef {{name: string, text: string, meaning: string, by: string, example?: string}} Placeholder */

/** What the server knows. @type {import('@preact/signals').Signal<Placeholder[]>} */
const known = signal([]);
let asked = false;

/** @returns {Placeholder[]} empty until they are there, and where the server has none */
export function usePlaceholders() {
  useEffect(() => {
    if (asked || !has('kernel-arguments/placeholders')) return;
    asked = true;
    get('kernel-arguments/placeholders').then(answer => { known.value = answer.items ?? answer; },
      () => { asked = false; });
  }, []);
  return known.value;
}

const pattern = /(\{\{[^{}]*\}\})/;

/** The placeholders of a text, as they are written. @param {string} text @returns {string[]} */
export const placeholdersIn = text => text.split(pattern).filter((_, at) => at % 2);

/** A text with its placeholders marked. @param {string} text */
export const markPlaceholders = text => text.split(pattern).map((part, at) =>
  at % 2 ? html`<mark key=${at}>${part}</mark>` : part);

const wordOf = text => /[\w.]+/.exec(text)?.[0] ?? '';

/** What a placeholder means: one of a label is described by the one that stands for all labels. */
export const meaningOf = (text, all) => all.find(one => wordOf(one.text) === wordOf(text))
  ?? all.find(one => /^machine\.labels\b/.test(one.name) && wordOf(text).startsWith('machine.labels.'));
