// @ts-check
// The first run: an image, DHCP, and the first machine that appears by itself.
import { html, useEffect } from '../core/ui.js';
import { active, follow } from '../parts/boots-under-way.js';
import { post } from '../core/api.js';
import { link } from '../core/router.js';
import { useResource } from '../core/resource.js';
import { has } from '../core/state.js';
import { images, machines } from '../core/stores.js';
import { useTitle } from '../core/title.js';
import { bytes } from '../parts/format.js';
import { machineState } from '../parts/boot-phases.js';
import { Age, State } from '../parts/basics.js';
import { BootRow } from '../parts/boot-track.js';
import { Ghost, toast } from '../parts/messages.js';
import { Checks, Troubles } from '../setup/checks.js';
import { Dhcp } from '../setup/dhcp.js';
import { JobBar, progressText } from '../parts/job-line.js';
import { openApprove } from '../machines/machine-dialogs.js';
import { openImageForm } from '../images/image-form.js';

const Step = ({ n, state, title, children }) => html`<li class=${state}><span class="n" aria-hidden="true">
  ${state === 'done' ? '✓' : n}</span><div class="rows"><h2>${title}</h2>${children}</div></li>`;

/** An image that comes from elsewhere is fetched at once. */
const fetchIt = image => image.source.type === 'upload' ? null
  : post(`images/${encodeURIComponent(image.name)}/refreshes`).catch(problem => toast(problem.message));

function ImageStep() {
  const all = [...images.use().values()], ready = all.filter(image => image.current);
  const jobs = useResource(has('jobs') ? 'jobs?limit=20' : null, { events: ['job.changed', 'job.progress'],
    pause: 1000 });
  const open = (jobs.data?.items ?? []).filter(job => job.image && ['running', 'queued'].includes(job.state));
  return html`<${Step} n="1" state=${ready.length ? 'done' : 'now'}
    title=${open.length || all.some(image => image.source.type !== 'upload') ? 'Fetch an image' : 'Add an image'}>
    ${ready.length > 0 && html`<p>
      ${ready.map(image => html`<a key=${image.name} href=${link('images', image.name)}>${image.name}
        </a> `)}${ready.length === 1 ? 'is'
          : 'are'} ready, ${bytes(ready.reduce((sum, image) => sum + image.sizeBytes, 0))}.</p>`}
    ${open.length > 0 && html`<p>It is being downloaded. Nothing to do; you can go on with step 2.</p>
      ${open.map(job => html`<div key=${job.id} data-state=${job.state}><div class="bar">
      <${State} is=${job.state}><a href=${link('images', job.image)}>${job.image}</a><//><span class="muted">
        ${progressText(job) || 'waits for its turn'}</span></div>
          ${job.state === 'running' && html`<${JobBar} job=${job}/>`}</div>`)}`}
    ${ready.length === 0 && open.length === 0
      && html`<p>${all.length ? html`${all.map(image => html`<a key=${image.name} href=${link('images', image.name)}>
        ${image.name}</a> `)}has no version yet: upload a kernel and an initrd there.`
      : 'An image is a named source of kernels and initrds.'}</p><div class="bar">
        
        <button class="btn" type="button"
          onClick=${() => openImageForm(null, fetchIt)}>Add image…</button></div>`}<//>`;
}

const Waiting = () => html`<p class="state" data-state="queued" role="status">Waiting for the first machine.
    It appears here by itself.</p>
  <p class="muted">Set it to network boot (PXE or HTTP boot). An unknown machine waits until you
    approve it; nothing on its disk is touched.</p>`;

const ends = { up: 'is up. It booted over the network, all the way.', ready: 'has all it needs and starts its Linux.',
  failed: 'failed. The row says where it stopped.' };

/** The first machine from its first question until it is up. */
function First({ machine, boot, outcome }) {
  const { identity } = machine, discovered = machine.state === 'discovered';
  return html`<p class="bar" role="status"><${State} is=${machineState(machine).is}>
      <a href=${link('machines', machine.name)}>${machine.name}</a><//>
      <span class="muted"><bdi>${[identity?.manufacturer, identity?.product, identity?.ip].filter(Boolean)
        .join(' · ')}</bdi> seen <${Age} at=${machine.lastSeenAt}/></span>
      ${discovered && html`<button class="btn main push" type="button"
        onClick=${() => openApprove(machine)}>Approve…</button>`}</p>
    ${boot && html`<ul class="boots"><${BootRow} boot=${boot}/></ul>`}
    ${discovered ? html`<p>It waits at its prompt. Approve it with a name and what it is to boot.</p>`
      : ends[outcome] ? html`<p role="status"><b dir="auto">${machine.name}</b> ${ends[outcome]}</p>`
      : !boot && html`<p class="muted">Approved. It boots when it asks the next time.</p>`}`;
}

function MachineStep({ first, boot, outcome }) {
  return html`<${Step} n="3" state=${outcome === 'up' || outcome === 'ready' ? 'done' : first ? 'now' : ''}
    title="Switch a machine on">
    ${first ? html`<${First} machine=${first} boot=${boot} outcome=${outcome}/>` : html`<${Waiting}/>`}<//>`;
}

/** @param {{leave: () => void}} props */
export function Guide({ leave }) {
  useTitle('First machine');
  const setup = useResource(has('setup') ? 'setup' : null, { events: ['machine.changed'], pause: 1500, poll: false });
  const all = [...machines.use().values()],
    first = all.sort((left, right) => (left.firstSeenAt ?? '') < (right.firstSeenAt ?? '') ? -1 : 1)[0];
  useEffect(follow, []);
  const boot = first && [...active.value.values()].findLast(boot => boot.machine === first.name);
  const outcome = boot?.outcome ?? first?.lastBoot?.outcome, done = outcome === 'up' || outcome === 'ready';
  return html`<div class="head"><h1>Boot your first machine</h1><small>Three things; the last happens by itself.</small>
      <button class=${done ? 'btn main push' : 'btn push'} type="button" onClick=${leave}>
        ${first ? 'To the overview' : 'Skip the guide'}</button></div>
    <section class="panel w8" aria-label="Guide"><ol class="guide"><${ImageStep}/>
      <${Step} n="2" state=${first ? 'done' : 'now'} title="Point DHCP here">
        <p>Paste this into the DHCP server of the machines’ network, then restart it.</p>
        ${setup.data ? html`<${Dhcp} setup=${setup.data}/>` : html`<${Ghost}/>`}<//>
      <${MachineStep} first=${first} boot=${boot} outcome=${outcome}/></ol></section>
    <aside class="panel w4" aria-label="Checks">
      ${setup.data && html`<${Checks} setup=${setup.data} again=${setup.reload}/>`}<${Troubles}/></aside>`;
}
