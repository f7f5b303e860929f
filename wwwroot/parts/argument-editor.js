// @ts-check
// An editor for kernel arguments: placeholders are completed, what becomes of them stands beside.
import { html, useRef } from '../core/ui.js';
import { styleSheet } from '../core/style-sheet.js';
import { ArgumentPreview } from './argument-preview.js';
import { Field } from './form.js';
import { PlaceholderArea } from './placeholder-list.js';

await styleSheet('css/arguments.css');

/** Where an argument stands in the text: the lines without text between them count for nothing.
 *  @returns {[start: number, end: number]} */
function rangeOf(text, at) {
  let start = 0, seen = -1;
  for (const line of text.split('\n')) {
    if (line.trim() && ++seen === at) return [start, start + line.length];
    start += line.length + 1;
  }
  return [text.length, text.length];
}

/**
 * @param {object} props
 * @param {string} props.label
 * @param {string} props.value one argument on a line
 * @param {(text: string) => void} props.set
 * @param {ReturnType<typeof import('./argument-preview.js').useArgumentPreview>} props.preview
 * @param {string} [props.hint]
 * @param {string} [props.error] of the last attempt to save; while a preview tells the faults, those count
 * @param {boolean} [props.hidden] whether the label is for screen readers only
 * @param {boolean} [props.measured] whether the bytes are shown elsewhere
 * @param {boolean} [props.disabled]
 */
export function ArgumentEditor({ label, value, set, preview, hint, error, hidden, measured, disabled }) {
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const faulty = preview.answer?.arguments.some(({ fault }) => fault);
  const show = at => {
    area.current?.focus();
    area.current?.setSelectionRange(...rangeOf(value, at));
  };
  return html`<div class=${preview.answer || preview.problem ? 'arguments' : undefined}>
    <${Field} label=${label} hint=${hint} error=${faulty ? undefined : error} hidden=${hidden}>${aria =>
      html`<${PlaceholderArea} aria=${{ ...aria, 'aria-invalid': faulty || error ? 'true' : undefined }} area=${area}
        value=${value} set=${set} rows=${Math.max(4, Math.min(12, value.split('\n').length + 1))}
        disabled=${disabled}/>`}<//>
    <${ArgumentPreview} preview=${preview} show=${show} measured=${measured}/></div>`;
}
