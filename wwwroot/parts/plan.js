// @ts-check
// What a machine would get if it asked now, and why.
import { html, useState } from '../core/ui.js';
import { link } from '../core/router.js';
import { useResource } from '../core/resource.js';
import { count } from './format.js';
import { Code, Id } from './basics.js';
import { Ghost, Note, Trouble } from './messages.js';

const ways = [['', 'as it told us'], ['arch=x86_64&platform=efi', 'x86_64, UEFI'],
  ['arch=x86_64&platform=pcbios', 'x86_64, BIOS'],
  ['arch=aarch64&platform=efi', 'aarch64, UEFI'], ['arch=riscv64&platform=efi', 'riscv64, UEFI']];

const isWide = matchMedia('(min-width: 1024px)').matches;

const results = candidate => candidate.matched ? html`<b>chosen</b>` : candidate.fits ? 'lost' : 'no match';

/** The token stands in the script as a row of T; it is made anew at each boot. */
export const marked = script => script.split('\n')
  .map((line, at) => html`<span key=${at} class=${line.startsWith('#') ? 'c' : undefined}>${
  line.split(/(\bTOKEN\b)/).map((part, index) => index % 2 ? html`<mark key=${index}>token</mark>` : part)}${'\n'}
    </span>`);

export const Candidates = ({ candidates }) => html`<table><thead><tr><th scope="col">profile</th>
  <th scope="col">result</th><th scope="col">why</th></tr></thead>
  <tbody>${candidates.slice(0, 50)
    .map(candidate => html`<tr key=${candidate.profile} aria-selected=${candidate.matched}>
    <th scope="row"><a class="cut" dir="auto" title=${candidate.profile}
      href=${link('profiles', candidate.profile)}>${candidate.profile}</a></th>
    <td class=${candidate.matched ? 'result' : 'result muted'}>${results(candidate)}</td>
    <td class="breakable">${candidate.why}</td></tr>`)}
      </tbody></table>`;

/** A plan's warnings with what each is about; servers from before the codes have none. */
export const warningsOf = plan => plan.warnings.map((text, at) => ({ text, code: plan.warningCodes?.[at] }));

const answers = { boot: 'boots', local: 'boots its local disk', menu: 'gets a menu', shell: 'gets the iPXE shell',
  wait: 'waits', error: 'cannot boot' };

function Answer({ plan, overlay: Overlay, ...rest }) {
  const script = html`<details open=${isWide}><summary>The exact script</summary><${Code} label="Script" wrap
    text=${plan.script}>${marked(plan.script)}<//><small>Tokens are made anew at every boot and never shown.</small>
    </details>`;
  return html`<${Candidates} candidates=${plan.candidates}/>
    <div class="body rows">
      <p>It <b>${answers[plan.action] ?? plan.action}</b>
        ${plan.action === 'boot' && html` <a href=${link('images', plan.image)}>
          ${plan.image}@<${Id} of=${plan.version}/></a>${
        plan.variant && `, variant ${plan.variant}`}`}: ${plan.reason}.</p>
      ${plan.expects && html`<p>It succeeds once it is <b>${plan.expects.outcome}</b>: ${plan.expects.why}.</p>`}
      ${warningsOf(plan).map(({ text, code }) => code === 'one-boot-only' ? html`<${Note} key=${code}>${text}<//>`
        : html`<${Note} key=${text} is="warning"><b>Warning.</b> ${text}<//>`)}
      ${plan.commandLineBytes && html`<${Length} bytes=${plan.commandLineBytes}/>`}
      ${!plan.overlay?.length && script}</div>
    ${plan.overlay?.length > 0 && html`<${Overlay} ...${rest} plan=${plan}/><div class="body">${script}</div>`}`;
}

/** The kernel's line against what it takes. */
export const Length = ({ bytes }) =>
  html`<div class="rows tight"><div class="bar"><small>Kernel line ${count(bytes)} of 2,047 bytes</small></div>
  <meter class="thin" min="0" max="2047" low="1638" high="1946" optimum="0" value=${bytes} aria-label="Kernel line">
    ${bytes} of 2047</meter></div>`;

/**
 * @param {object} props
 * @param {any} props.machine
 * @param {string} props.path the machine's, below /api/v1
 * @param {import('preact').ComponentType<any>} props.overlay shows the files of its own
 */
export function Plan({ machine, path, overlay }) {
  const [way, setWay] = useState('');
  const plan = useResource(`${path}/plan${way && `?${way}`}`,
    { events: ['machine.changed', 'profile.changed', 'image.changed'],
    concerns: data => data.macs === undefined || data.name === machine.name, pause: 500 });
  return html`<section class="panel w8" aria-labelledby="h-plan">
    <header><h2 id="h-plan">Plan</h2><small>what it would get if it asked now</small><span class="push bar">
      <label class="check">as <select class="auto"
      aria-label="Architecture and platform" value=${way} onChange=${event => setWay(event.target.value)}>
        ${ways.map(([value, text]) =>
        html`<option key=${value} value=${value}>${text}</option>`)}</select></label></span></header>
    ${plan.problem && !plan.data ? html`<${Trouble} problem=${plan.problem} retry=${plan.reload}/>` : plan.data
      ? html`<${Answer} plan=${plan.data} overlay=${overlay} machine=${machine} reload=${plan.reload}/>`
      : html`<${Ghost} lines=${5}/>`}</section>`;
}
