// @ts-check
// What a machine would get of a profile as it is typed: its menu on the screen, its script.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { Code, Id, Typed } from '../parts/basics.js';
import { Ghost, Note } from '../parts/messages.js';
import { marked, warningsOf } from '../parts/plan.js';
import { MenuScreen } from './menu-screen.js';

/** Which machine it is for; any may be typed. */
const ForMachine = ({ machine, choose, names }) => html`<label class="check push">for <${Typed} class="auto"
  size="18" list="preview-machines" aria-label="Machine of the preview" placeholder="any machine" autocomplete="off"
  spellcheck=${false} value=${machine} choose=${choose}/></label>
  <datalist id="preview-machines">${names.slice(0, 200).map(name => html`<option key=${name} value=${name}></option>`)}
    </datalist>`;

/** What stands in the way of a preview. */
const InTheWay = ({ problem }) => problem && html`<${Note} is="warning">${problem.status === 0
  ? 'The server does not answer: the preview comes when it is back. What you type is kept.'
  : `No preview of this: ${Object.entries(problem.errors).map(([path, texts]) =>
    `${path.replace(/^\$\.?/, '')} ${texts[0]}`).join('; ') || problem.message}`}<//>`;

export const MenuPreview = ({ preview: { plan, problem } }) => html`<header><h2 id="h-screen">At the machine</h2>
    <small>${plan?.machine}</small></header>
  <div class="body rows"><${InTheWay} problem=${problem}/>
    ${plan?.action === 'menu' ? html`<${MenuScreen} script=${plan.script}/>` : !plan && !problem
    && html`<${Ghost} lines=${4}/>`}</div>`;

/**
 * @param {object} props
 * @param {ReturnType<typeof import('./preview.js').usePreview>} props.preview
 * @param {string[]} props.names of machines
 * @param {string} props.machine '': one that nothing is known of
 * @param {(machine: string) => void} props.choose
 * @param {{detail: string, refused: boolean} | null} props.fault of the template
 */
export function ScriptPreview({ preview: { plan, problem }, names, machine, choose, fault }) {
  // The fault itself is shown; that no machine in particular says nothing of itself is no news.
  const known = ['template-fails', ...machine ? [] : ['arch-unknown']];
  const warnings = plan ? warningsOf(plan).filter(({ code }) => !known.includes(code)) : [];
  return html`<header><h2 id="h-pre">Preview</h2><${ForMachine} machine=${machine} choose=${choose} names=${names}/>
    </header>
    <div class="body rows"><${InTheWay} problem=${problem}/>
      ${fault && html`<${Note} is="warning">${fault.refused
        ? 'The template has an error. This is the built-in script, which takes its place.'
        : html`The template fails for <b>${plan.machine}</b>: ${fault.detail}. It would get this, the built-in script,
          and an alarm would tell you.`}<//>`}
      ${warnings.map(({ text }) => html`<${Note} key=${text} is="warning">${text}<//>`)}
      ${plan ? html`${plan.action === 'boot' && html`<p class="muted">Boots <a href=${link('images', plan.image)}>
          ${plan.image}@<${Id} of=${plan.version}/></a>${plan.variant && `, variant ${plan.variant}`}.</p>`}
        <div class="preview"><${Code} label=${`Script for ${plan.machine}`} wrap text=${plan.script}>
          ${marked(plan.script)}<//></div>
        <small>Tokens are made anew at every boot and never shown.</small>` : !problem
        && html`<${Ghost} lines=${8}/>`}</div>`;
}
