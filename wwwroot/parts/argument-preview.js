// @ts-check
// What kernel arguments become in a script: each with its values or its fault, the whole line, its bytes.
import { html } from '../core/ui.js';
import { has } from '../core/state.js';
import { count, lines } from './format.js';
import { State } from './basics.js';
import { useDraftAnswer } from './draft-answer.js';
import { Note } from './messages.js';

/** @typedef {{image?: string, version?: string, system?: string, variant?: string, profile?: string,
 *   machine?: string}} Context what the arguments are for; examples stand for what is not named */

/**
 * @param {string} text arguments as they are typed, one on a line
 * @param {Context} context
 * @returns {{answer: any, problem: any, fresh: boolean}} answer: null until there is one, and where the server has none
 */
export function useArgumentPreview(text, context) {
  const body = { kernelArguments: lines(text), ...Object.fromEntries(Object.entries(context).filter(([, value]) =>
    value)) };
  return useDraftAnswer(has('kernel-arguments/preview') ? 'kernel-arguments/preview' : null, body,
    { events: ['image.changed'], concerns: image => image.name === context.image });
}

/** The kernel's line against what it takes. */
function Bytes({ bytes, most }) {
  const is = bytes > most ? 'failed' : bytes > most * .8 ? 'warning' : null;
  const text = `${count(bytes)} of ${count(most)} bytes`;
  return html`<div class="rows tight"><div class="bar"><small>Kernel line</small>${is
      ? html`<${State} is=${is}>${text}<//>` : html`<span>${text}</span>`}</div>
    <meter class="thin" min="0" max=${most} low=${most * .8} high=${most * .95} optimum="0"
      value=${Math.min(bytes, most)} aria-label="Bytes of the kernel line">${text}</meter></div>`;
}

/**
 * @param {{preview: ReturnType<typeof useArgumentPreview>, show: (line: number) => void, measured?: boolean}} props
 *   show: selects an argument's line, from 0; measured: its bytes stand elsewhere
 */
export function ArgumentPreview({ preview: { answer, problem }, show, measured = false }) {
  if (problem) return html`<${Note} is="warning">${problem.status === 0
    ? 'The server does not answer: the preview comes when it is back.'
    : `No preview: ${Object.values(problem.errors)[0]?.[0] ?? problem.message}`}<//>`;
  if (!answer) return null;
  return html`<div class="rendered rows"><span class="label">As it is rendered</span>
    ${answer.arguments.length > 0 && html`<ol aria-label="Arguments as they are rendered">
      ${answer.arguments.map(({ text, expanded, fault }, at) => html`<li key=${at}>${fault ? html`<button
          class="at mono breakable" type="button" onClick=${() => show(at)}>${text}</button>
        <p class="error"><span>${fault}</span></p>` : html`<code>${expanded ?? text}</code>`}</li>`)}</ol>`}
    <details><summary>The whole line</summary><p class="code wrap" tabindex="0" role="region"
      aria-label="Kernel line">${answer.line}</p></details>
    ${!measured && html`<${Bytes} bytes=${answer.bytes} most=${answer.maxBytes}/>`}</div>`;
}
