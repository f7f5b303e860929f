// @ts-check
// What is every machine doing now, and what needs a look.
import { html, useEffect, useState } from '../core/ui.js';
import { link } from '../core/router.js';
import { has } from '../core/state.js';
import { totals } from '../parts/totals.js';
import { images } from '../core/stores.js';
import { useTitle } from '../core/title.js';
import { count, bytes, percent } from '../parts/format.js';
import { State } from '../parts/basics.js';
import { BootsNow } from '../parts/boots-now.js';
import { NeedsALook } from './needs-a-look.js';
import { ImagesTable } from '../parts/images-table.js';
import { later } from '../core/later.js';
import { Ghost } from '../parts/messages.js';
import { RunningJobs } from './running-jobs.js';
import { Throughput } from './throughput.js';

const Guide = later(() => import('./guide.js').then(module => module.Guide),
  html`<section class="panel"><${Ghost} lines=${8}/></section>`);

const skipped = 'netboot-no-guide';
const outcomes = ['up', 'ready', 'running', 'stalled', 'failed', 'unknown'];

/** Machines by state; each number leads to its list. */
const Readouts = ({ machines }) => html`<ul class="readouts" aria-label="Machines by state">
  <li key="all"><a href=${link('machines')}><b>${count(machines.total)}</b><span>machines</span></a></li>
  ${outcomes.map(outcome => html`<li key=${outcome}><a href=${link('machines', null, { state: outcome })}
    data-state=${outcome}>
    <b>${count(machines.byOutcome[outcome] ?? 0)}</b><${State} is=${outcome}/></a></li>`)}
  <li key="discovered"><a href=${link('machines', null, { state: 'discovered' })} data-state="discovered">
    <b>${count(machines.discovered)}</b><${State} is="discovered"/></a></li></ul>`;

const Disk = ({ disk }) => {
  const total = disk.usedBytes + disk.freeBytes;
  return html`<header><h2>Disk</h2><small>${bytes(disk.blobBytes)} in images${disk.maxBlobBytes
    ? ` of ${bytes(disk.maxBlobBytes)} allowed` : ''}, ${bytes(disk.freeBytes)} free on the volume</small></header>
    <div class="body"><meter class="thin" min="0" max=${total} high=${total * .85} optimum="0" value=${disk.usedBytes}
      aria-label="Disk use">${percent(disk.usedBytes, total)}</meter></div>`;
};

export default function Overview() {
  useTitle('Overview');
  const all = images.use();
  const data = totals.value;
  const [guided, setGuided] = useState(/** @type {boolean | null} */ (null));
  useEffect(() => { // whoever sees the guide decides when it goes; the first machine does not take it away
    if (data && guided === null) setGuided(data.machines.total === 0 && !sessionStorage.getItem(skipped));
  }, [data]);
  const leave = () => { sessionStorage.setItem(skipped, '1'); setGuided(false); };
  if (guided) return html`<${Guide} leave=${leave}/>`;
  return html`<h1 class="vh">Overview</h1>
    ${data ? html`<${Readouts} machines=${data.machines}/>` : html`<div class="readouts ghosts" aria-hidden="true">${
      [...outcomes, 1, 2].map(key => html`<div key=${key}><b> </b><span> </span></div>`)}</div>`}
    <${BootsNow}/>
    <${NeedsALook}/>
    <section class="panel w5" aria-label="Load">
      ${has('overview/throughput') && html`<${Throughput}/>`}
      ${data ? html`<${Disk} disk=${data.disk}/>` : html`<header><h2>Disk</h2></header><div class="body">
        <meter class="thin" value="0"></meter></div>`}
    </section>
    <section class=${has('jobs') ? 'panel w8' : 'panel'} aria-labelledby="h-img"><header>
      <h2 id="h-img">Images</h2><small>${all.size || ''}</small>
      <a class="push" href=${link('images')}>All images</a></header><${ImagesTable} brief/></section>
    ${has('jobs') && html`<section class="panel w4" aria-label="Jobs"><${RunningJobs}/></section>`}`;
}
