// @ts-check
// Boots as a table, newest first.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { duration, median, plural, rate } from './format.js';
import { average, isMoving, reason, took, failureOf } from './boot-phases.js';
import { Age, Id, State } from './basics.js';
import { Empty, Ghost, Trouble } from './messages.js';
import { Track } from './boot-track.js';

/** 41 boots, 39 succeeded; half of them ready within 30 s. @param {any[]} boots */
function summary(boots, middle) {
  const ended = boots.filter(boot => !isMoving(boot)), good = ended.filter(boot => boot.outcome === 'up'
    || boot.outcome === 'ready');
  return `${plural(boots.length, 'boot')}, ${good.length} succeeded${middle
    ? `; half of them ready within ${duration(middle, middle < 10)}` : ''}`;
}

const Row = ({ boot, machine }) => html`<tr>
  <td class="fit"><a href=${link('boots', boot.id)}><${Age} at=${boot.startedAt}/></a></td>
  ${machine && html`<th scope="row"><a class="cut" dir="auto" href=${link('machines', boot.machine)}
    title=${boot.machine}>${boot.machine ?? '–'}</a></th>`}
  <td><${State} is=${boot.outcome}/>
    ${boot.outcome === 'failed' && html`<span class="sub clamp" title=${reason(boot)}>
      ${failureOf(boot).step}: ${reason(boot)}</span>`}</td>
  <td class="s-hide"><a class="imageat" href=${link('images', boot.image)} title=${boot.image}><code class="cut">
    ${boot.image}</code><code>@</code><${Id} of=${boot.version}/></a></td>
  <td class="m-only c-track" data-state=${boot.outcome}><${Track} boot=${boot} thin/></td>
  <td class="num">${duration(took(boot, 'ready'), true)}</td><td class="num s-hide">
    ${duration(took(boot, 'up'), true)}</td>
  <td class="num m-only">${rate(average(boot))}</td></tr>`;

export const BootsTable = ({ boots, machine = false }) => html`<div class="scroll"><table><thead><tr>
  <th scope="col">started</th>
  ${machine && html`<th scope="col">machine</th>`}<th scope="col">outcome</th><th scope="col" class="s-hide">image</th>
  <th scope="col" class="m-only c-track">phases</th><th scope="col" class="num">to ready</th>
    <th scope="col" class="num s-hide">to up</th>
  <th scope="col" class="num m-only">average</th></tr></thead>
  <tbody>${boots.map(boot => html`<${Row} key=${boot.id} boot=${boot} machine=${machine}/>`)}</tbody></table></div>`;

/** The way back to what is not shown. */
export const Older = ({ of }) => of.load && html`<footer class="foot bar"><button class="btn" type="button"
  disabled=${of.busy} aria-busy=${of.busy} onClick=${of.load}>Older boots</button></footer>`;

/** A machine's boots. */
export function History({ boots }) {
  const all = boots.items ?? [], middle = median(all.map(boot => took(boot, 'ready'))
    .filter(seconds => seconds !== null));
  return html`<section class="panel" aria-labelledby="h-hist"><header><h2 id="h-hist">History</h2><small>
    ${all.length > 0 && summary(all, middle)}</small></header>
    ${boots.problem && !boots.items ? html`<${Trouble} problem=${boots.problem} retry=${boots.reload}/>` : !boots.items
      ? html`<${Ghost}/>`
      : all.length ? html`<${BootsTable} boots=${all}/><${Older} of=${boots}/>`
        : html`<${Empty} title="It has not booted yet">Its boots are listed here, with how long each phase took.<//>`}
          </section>`;
}
