// @ts-check
// One machine: its boot now, what it would get and why, its history, who it is.
import { html, useEffect } from '../core/ui.js';
import { go, link, route, setQuery } from '../core/router.js';
import { remove } from '../core/api.js';
import { follow, takeBoot } from '../parts/boots-under-way.js';
import { on } from '../core/state.js';
import { useResource } from '../core/resource.js';
import { machines, profiles } from '../core/stores.js';
import { useKeys } from '../parts/keys.js';
import { may } from '../core/session.js';
import { Managed, mayChange } from '../parts/managed.js';
import { useTitle } from '../core/title.js';
import { drop } from './machine-acts.js';
import { machineState } from '../parts/boot-phases.js';
import { State, Tags } from '../parts/basics.js';
import { Ghost, Trouble, toast } from '../parts/messages.js';
import { Menu } from '../parts/menu.js';
import { openNext } from './bulk-dialogs.js';
import { openApprove } from './machine-dialogs.js';
import { openMachineForm } from './machine-form.js';
import { usePages } from '../parts/paged-list.js';
import { BootNow } from '../parts/boot-now.js';
import { History } from '../parts/boot-history.js';
import { HostKeys } from './host-keys.js';
import { Identity } from './identity.js';
import { Kexec } from './kexec.js';
import { NextBoot } from './next-boot.js';
import { OverlayContents } from './overlay-contents.js';
import { OverlaySummary } from '../parts/overlay-summary.js';
import { Plan } from '../parts/plan.js';
import { openRename } from '../parts/rename.js';

const platforms = { efi: 'UEFI', pcbios: 'BIOS' };

const hardware = ({ identity }) => identity && [[identity.manufacturer, identity.product].filter(Boolean).join(' '),
  identity.arch, platforms[identity.platform]].filter(Boolean).join(' · ');

function Head({ machine, state, gone }) {
  const discovered = machine.state === 'discovered';
  const again = async () => {
    await remove(`machines/${encodeURIComponent(machine.name)}/completion`);
    toast(`${machine.name} boots its profile again at its next start`);
  };
  const approve = async () => {
    const saved = await openApprove(machine);
    if (saved && saved.name !== machine.name) go('machines', saved.name);
  };
  const forget = async () => {
    await remove(`machines/${encodeURIComponent(machine.name)}/reference`);
    toast(`${machine.name} is compared with what its next successful boot reports`);
  };
  const items = [
    ...discovered ? [] : [{ text: 'Next boot…', act: () => openNext([machine]) }],
    machine.completion && { text: 'Boot the profile again', act: again },
    machine.reference && { text: 'Forget its reference', act: forget },
    !discovered && !machine.managedBy && { text: 'Rename…', act: () => openRename('machines', machine) },
    !machine.managedBy && { text: 'Delete…',
      act: async () => { if (await drop([machine])) { gone(); go('machines'); } } },
  ];
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('machines')}>Machines</a> / <bdi>
    ${machine.name}</bdi></nav>
    <h1 dir="auto">${machine.name}</h1><${State} is=${state.is} badge>${state.word}<//><span class="mono muted">
      ${machine.macs[0] ?? machine.serial ?? machine.uuid}</span>
    <span class="muted s-hide"><bdi>${hardware(machine)}</bdi></span>
    ${may('operator') && html`<span class="bar push">${discovered
      ? html`<button class="btn main" type="button" onClick=${approve}>Approve…</button>`
      : !machine.managedBy
        && html`<button class="btn" type="button" onClick=${() => setQuery({ edit: '1' })}>Edit</button>`}
      <${Menu} label="More actions" items=${items}/></span>`}</div>`;
}

/** Labels and notes are changed where they stand. */
const EditLink = ({ machine }) => mayChange(machine) && machine.state === 'registered'
  && html`<a class="push" href=${link('machines', machine.name, { edit: '' })}>Edit</a>`;

const Notes = ({ machine }) => html`<header><h2>Notes</h2><${EditLink} machine=${machine}/></header>
  ${machine.notes ? html`<p class="body prose" dir="auto">${machine.notes}</p>`
    : html`<p class="body muted">none</p>`}`;

const Labels = ({ machine }) => html`<header><h2>Labels</h2><${EditLink} machine=${machine}/></header>
  <div class="body">${Object.keys(machine.labels).length ? html`<${Tags} of=${machine.labels}/>`
    : html`<span class="muted">none</span>`}</div>`;

export default function MachinePage({ name }) {
  useTitle(name);
  profiles.use();
  const path = `machines/${encodeURIComponent(name)}`;
  const found = useResource(path, { events: ['machine.changed'], concerns: data => data.name === name, pause: 300 });
  useEffect(() => on('profile.changed', found.reload), [path]); // it may get another profile
  const boots = usePages(`${path}/boots?limit=50`, { events: ['boot.changed'], concerns: data =>
    data.machine === name, pause: 300 });
  useEffect(follow, []);
  const macs = found.data?.macs ?? [];
  useEffect(() => on('machine.changed', data => { // it has another name now, given here or by another user
    if (data.name !== name && data.state === 'registered' && data.macs.some(mac => macs.includes(mac)))
      go('machines', data.name);
  }), [name, macs.join()]);
  useEffect(() => { for (const boot of boots.data?.items.slice(0, 1) ?? []) takeBoot(boot); }, [boots.data]);
  const machine = found.data, query = route.value.query, editing = query.has('edit'), next = query.has('next');
  useEffect(() => {
    if (machine && editing && !machine.managedBy) openMachineForm(machine,
      saved => { found.set(saved); machines.put(saved); }).then(() => setQuery({ edit: null }));
  }, [machine?.name, editing]);
  useEffect(() => { if (machine && next) openNext([machine]).then(() => setQuery({ next: null })); },
    [machine?.name, next]);
  useKeys({ ...machine && mayChange(machine) ? { e: () => setQuery({ edit: '1' }) } : {},
    ...machine && may('operator') ? { b: () => setQuery({ next: '1' }) } : {} });
  if (found.problem && (!machine || found.problem.status === 404)) return html`<section class="panel">
    <${Trouble} problem=${found.problem} retry=${found.problem.status === 404 ? null : found.reload}>${
      found.problem.status === 404
        && html`<a class="btn" href=${link('machines', null, { q: name })}>Search all machines</a>`}<//></section>`;
  if (!machine) return html`<section class="panel"><${Ghost} lines=${8}/></section>`;
  const latest = boots.data?.items[0];
  const state = latest && machine.state === 'registered' ? { is: latest.outcome, word: latest.outcome }
    : machineState(machine);
  return html`<${Head} machine=${machine} state=${state} gone=${() => machines.drop(name)}/>
    ${machine.state === 'discovered' && html`<div class="banner" data-state="discovered">
      <${State} is="discovered">Discovered<//>
      <span>It is not registered: until you approve it, it gets what the setting <code>Machines:Unknown</code> says.
        </span></div>`}
    <${Managed} of=${machine}/>
    ${latest && html`<${BootNow} boot=${latest} history=${boots.data.items}/>`}
    <${Plan} machine=${machine} path=${path} overlay=${OverlayContents}/>
    <section class="panel w4" aria-label="Next boot, labels, identity">
      ${machine.state === 'registered' && html`<${NextBoot} machine=${machine} set=${found.set}/>`}
      ${machine.state === 'registered' && html`<${OverlaySummary} kind="machines" of=${machine}
        saved=${stored => { found.set(stored); machines.put(stored); }}/><${HostKeys} machine=${machine}/>
        <${Kexec} machine=${machine}/>`}
      <${Labels} machine=${machine}/><${Identity} machine=${machine} up=${latest?.up}/>
      <${Notes} machine=${machine}/>
    </section>
    <${History} boots=${boots}/>`;
}
