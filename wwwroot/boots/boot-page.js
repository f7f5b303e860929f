// @ts-check
// One boot with its timeline.
import { html, useEffect } from '../core/ui.js';
import { link } from '../core/router.js';
import { follow, takeBoot } from '../parts/boots-under-way.js';
import { now } from '../core/state.js';
import { useResource } from '../core/resource.js';
import { useTitle } from '../core/title.js';
import { byteProgress, clock, count, duration, rate, tail } from '../parts/format.js';
import { Age, Code, State } from '../parts/basics.js';
import { Ghost, Trouble } from '../parts/messages.js';
import { stalls } from '../parts/boot-phases.js';
import { BootNow } from '../parts/boot-now.js';
import { marked } from '../parts/plan.js';

function stood(step) {
  const still = stalls([step], now.value);
  return `${still.count === 1 ? '' : `${still.count} times `}no bytes for ${duration(still.seconds)}${
    still.count > 1 ? ' in all' : ''}`;
}

/** What a step of several files consists of. */
const Files = ({ of }) => of.map(({ name, bytes = 0, totalBytes }) => html`<span class="sub breakable" key=${name}>
  ${name} ${byteProgress(bytes, totalBytes ?? bytes)}</span>`);

const Step = ({ step }) => html`<tr><td><time class="exact" datetime=${step.at} title=${step.at}>${clock(step.at)}
  </time></td>
  <th scope="row">${step.name}<${Files} of=${step.files ?? []}/></th>
  <td class="num">${duration(step.durationSeconds, true)}</td>
  <td class="num s-hide">${step.bytes != null ? byteProgress(step.bytes, step.totalBytes ?? step.bytes) : '–'}</td>
  <td class="num s-hide">${step.bytes && step.durationSeconds ? rate(step.bytes / step.durationSeconds) : '–'}</td>
  <td>${[step.count > 1 && `${count(step.count)} times, last at ${clock(step.lastAt)}`, step.detail?.step,
    step.detail?.reason, step.detail?.errno && `iPXE ${step.detail.errno}`,
    step.stalls && stood(step)].filter(Boolean).join(', ')}</td></tr>`;

/** What the machine was given, and why. */
const Script = ({ boot }) => html`<section class="panel" aria-label="Script"><div class="body rows">
  <details><summary>Script</summary><p class="muted">Why it got this: ${boot.scriptReason}.</p>
    <${Code} label="Script" wrap text=${boot.script}>${marked(boot.script)}<//>
    <small>Tokens are left out: each boot has its own.</small></details></div></section>`;

export default function BootPage({ name }) {
  useTitle(`Boot ${tail(name)}`);
  const found = useResource(`boots/${encodeURIComponent(name)}`, { events: ['boot.changed'], concerns: data =>
    data.id === name, pause: 200 });
  const boot = found.data;
  const others = useResource(boot?.machine ? `machines/${encodeURIComponent(boot.machine)}/boots?limit=50` : null,
    { poll: false });
  useEffect(follow, []);
  useEffect(() => { if (boot) takeBoot(boot); }, [boot]);
  if (found.problem && !boot) return html`<section class="panel">
    <${Trouble} problem=${found.problem} retry=${found.reload}/></section>`;
  if (!boot) return html`<section class="panel"><${Ghost} lines=${6}/></section>`;
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('boots')}>Boots</a> / ${tail(name)}</nav>
      <h1>Boot of <a dir="auto" href=${link('machines', boot.machine)}>${boot.machine ?? 'an unknown machine'}</a>
        </h1><${State} is=${boot.outcome} badge/>
      <span class="muted"><${Age} at=${boot.startedAt}/></span></div>
    <${BootNow} boot=${boot} history=${others.data?.items ?? []}/>
    <section class="panel w8" aria-labelledby="h-steps"><header><h2 id="h-steps">Steps</h2></header>
      <div class="scroll"><table><thead><tr>
      <th scope="col">at</th><th scope="col">step</th><th scope="col" class="num">took</th>
        <th scope="col" class="num s-hide">bytes</th>
      <th scope="col" class="num s-hide">rate</th><th scope="col">detail</th></tr></thead>
      <tbody>${boot.steps.map(step => html`<${Step} key=${step.name} step=${step}/>`)}</tbody></table></div></section>
    <section class="panel w4" aria-label="Facts"><header><h2>Facts</h2></header><dl class="body kv"><dt>id</dt><dd>
      <code>${boot.id}</code></dd>
      <dt>profile</dt><dd>${boot.profile ? html`<a href=${link('profiles', boot.profile)}>${boot.profile}</a>` : '–'}
        </dd>
      <dt>image</dt><dd><a href=${link('images', boot.image)}>${boot.image}</a></dd><dt>version</dt><dd><code>
        ${boot.version}</code></dd>
      ${boot.expects && html`<dt>succeeds when</dt><dd>${boot.expects}</dd>`}
      ${boot.up?.addresses.length > 0
        && html`<dt>addresses</dt><dd>
          ${boot.up.addresses.map(address => html`<code key=${address}>${address}</code> `)}</dd>`}</dl></section>
    ${boot.script && html`<${Script} boot=${boot}/>`}`;
}
