// @ts-check
// Dialogs that make machines: approve what was discovered, or add one by its MAC.
import { html, useEffect, useState } from '../core/ui.js';
import { ifAbsent, put } from '../core/api.js';
import { go } from '../core/router.js';
import { useResource } from '../core/resource.js';
import { images, machines, profiles } from '../core/stores.js';
import { approve, each, report } from './machine-acts.js';
import { keyOf } from '../core/drafts.js';
import { show } from '../parts/dialog.js';
import { ChoiceField, LinesField, TextField, useForm } from '../parts/form.js';
import { FormDialog } from '../parts/form-dialog.js';
import { toast } from '../parts/messages.js';
import { byLabels, useProfileOptions } from './profile-options.js';
import { goodName, plural, unpair } from '../parts/format.js';
import { asksAgain } from './next-boot.js';

const hardware = machine => [machine.identity?.manufacturer, machine.identity?.product, machine.identity?.arch,
  machine.identity?.serial && `serial ${machine.identity.serial}`, machine.identity?.ip].filter(Boolean).join(', ');


/** When there is no profile yet, one for each image is offered: a machine needs one to boot. */
const withNew = (options, known) => options.length > 1 ? options
  : [...[...known.keys()].sort().map(name => [`+${name}`, `New profile: boots ${name}`]), ...options];

/** Makes the profile that was chosen, if it is a new one. @returns {Promise<string | undefined>} its name */
async function profileFor(chosen) {
  if (!chosen.startsWith('+')) return chosen || undefined;
  profiles.put(await put(`profiles/${encodeURIComponent(chosen.slice(1))}`, { image: chosen.slice(1) }, ifAbsent));
  return chosen.slice(1);
}

function Approve({ machine, close }) {
  const options = withNew(useProfileOptions(machine), images.use());
  const told = machine.identity?.hostname?.toLowerCase() ?? '';
  const form = useForm(`approve/${machine.name}`, { name: goodName(told) && !machines.items.value.has(told) ? told
    : machine.name, profile: options[0][0], labels: '' });
  const act = async () => {
    if (!goodName(form.get('name'))) { form.fault('name',
      'Lower-case letters, digits, dots, hyphens; for example rack3-node08.');
        throw new Error('Choose another name.'); }
    const labels = unpair(form.get('labels'));
    const saved = await approve(machine, form.get('name'), { profile: await profileFor(form.get('profile')),
      labels: Object.keys(labels).length ? labels : undefined });
    toast(`${saved.name} approved. It boots when it asks the next time.`);
    return saved;
  };
  return html`<${FormDialog} close=${close} title=${`Approve ${machine.name}`} action="Approve" form=${form} act=${act}>
    <p class="muted"><bdi>${hardware(machine) || machine.macs.join(', ')}</bdi></p>
    <div class="cols"><${TextField} form=${form} name="name" label="Name"/>
      <${ChoiceField} form=${form} name="profile" label="Profile" options=${options}/></div>
    <${LinesField} form=${form} name="labels" label="Labels" hint="One on a line, for example rack=3" rows=2/>
    <p class="muted">It boots when it asks the next time. ${asksAgain(machine)}</p><//>`;
}

export const openApprove = machine => show(close => html`<${Approve} machine=${machine} close=${close}/>`);

/** What is typed, once nothing more was typed for a moment. @template T @param {T} value @returns {T} */
function useSettled(value) {
  const [settled, setSettled] = useState(value), key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 350);
    return () => clearTimeout(timer);
  }, [key]);
  return settled;
}

/** What a machine gets once it is approved; with labels that are typed the server is asked. */
function Gets({ machine, profile, labels }) {
  const query = new URLSearchParams(labels).toString();
  const plan = useResource(!profile && query ? `machines/${encodeURIComponent(machine.name)}/plan?${query}` : null);
  const found = profile || (query ? plan.data && (plan.data.profile ?? '') : byLabels(machine) ?? '');
  return html`<span class="muted">${found === '' ? 'waits: no profile matches' : found}</span>`;
}

function ApproveAll({ list, close }) {
  const [done, setDone] = useState(0), form = useForm(keyOf('approve-all', list), { profile: '', labels: '' });
  const options = useProfileOptions(null), profile = form.get('profile');
  const labels = useSettled(unpair(form.get('labels')));
  const act = async signal => {
    const labels = unpair(form.get('labels'));
    const fields = { profile: profile || undefined, labels: Object.keys(labels).length ? labels : undefined };
    const result = await each(list, machine => approve(machine, machine.name, fields), setDone, signal);
    report(`Approved ${list.length === 1 ? list[0].name : plural(list.length, 'machine')}`, list, result);
  };
  return html`<${FormDialog} close=${close} title=${`Approve ${plural(list.length, 'machine')}?`}
    action=${`Approve ${list.length}`} form=${form} act=${act} many>
    <p>${list.length === 1 ? 'It keeps its discovered name' : 'They keep their discovered names'}.</p>
    <div class="cols"><${ChoiceField} form=${form} name="profile" label="Profile" options=${options}/>
      <${LinesField} form=${form} name="labels" label="Labels" hint="One on a line, for example rack=3" rows=2/></div>
    <ul class="short">${list.slice(0, 8)
      .map(machine => html`<li key=${machine.name}><b>${machine.name}</b>
        <${Gets} machine=${machine} profile=${profile} labels=${labels}/></li>`)}
      ${list.length > 8 && html`<li class="muted">and ${list.length - 8} more</li>`}</ul>
    ${done > 0 && html`<progress class="thin" value=${done} max=${list.length} aria-label="Approved"></progress>`}<//>`;
}

export const openApproveAll = list => show(close => html`<${ApproveAll} list=${list} close=${close}/>`);

function Add({ close }) {
  const form = useForm('machine/+', { name: '', macs: '', uuid: '', serial: '', profile: '', labels: '', notes: '' });
  const act = async () => {
    if (!goodName(form.get('name'))) { form.fault('name',
      'Lower-case letters, digits, dots, hyphens; for example rack3-node08.'); throw new Error('Choose a name.'); }
    const saved = await put(`machines/${encodeURIComponent(form.get('name'))}`, {
      macs: form.get('macs').split(/[\s,]+/).filter(Boolean), uuid: form.get('uuid') || undefined,
      serial: form.get('serial') || undefined, profile: form.get('profile') || undefined,
      labels: unpair(form.get('labels')), notes: form.get('notes') || undefined,
    }, ifAbsent);
    machines.put(saved);
    go('machines', saved.name);
    toast(`${saved.name} added`);
  };
  return html`<${FormDialog} close=${close} title="Add machine" action="Add machine" form=${form} act=${act}>
    <div class="cols"><${TextField} form=${form} name="name" label="Name"
      hint="Lower-case letters, digits, dots, hyphens."/>
      <${ChoiceField} form=${form} name="profile" label="Profile" options=${useProfileOptions(null)}/></div>
    <${LinesField} form=${form} name="macs" label="MAC addresses" rows=2
      hint="One on a line, for example 3c:ec:ef:41:02:44. With a UUID or serial the first boot fills it in."/>
    <div class="cols"><${TextField} form=${form} name="uuid" label="UUID" mono/>
      <${TextField} form=${form} name="serial" label="Serial" mono/></div>
    <div class="cols"><${LinesField} form=${form} name="labels" label="Labels"
      hint="One on a line, for example rack=3" rows=3/>
      <${LinesField} form=${form} name="notes" label="Notes" mono=${false} rows=3/></div><//>`;
}

export const openAdd = () => show(close => html`<${Add} close=${close}/>`);
