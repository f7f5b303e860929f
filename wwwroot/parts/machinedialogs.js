// Dialogs about machines: approve, add, assign, label, next boot.
import { html, useState } from '../ui.js';
import { put } from '../api.js';
import { go } from '../router.js';
import { machines, profiles } from '../stores.js';
import { approve, bootNext, change, each } from '../machineacts.js';
import { bySelector } from './selector.js';
import { Dialog, show } from './dialog.js';
import { ChoiceField, LinesField, TextField, useForm } from './form.js';
import { Refusal, toast } from './messages.js';
import { lines, plural, unpair } from './format.js';

const named = list => list.length === 1 ? list[0].name : plural(list.length, 'machine');

/** 'By its labels: x', then every profile. */
export const profileOptions = machine => {
  const match = machine && bySelector({ ...machine, state: 'registered' }, profiles.items.value.values());
  return [['', match ? `By its labels: ${match.name}` : 'By its labels'], ...[...profiles.items.value.keys()].sort().map(name => [name, name])];
};

/** A dialog with a form: what fails stays in it. */
function Form({ close, title, action, form, act, children, wide }) {
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const result = await act();
      form?.clear();
      close(result ?? true);
    } catch (error) {
      const rest = form?.refuse(error) ?? [];
      setProblem(Object.keys(error.errors ?? {}).length === 0 || rest.length ? Object.assign(error, { detail: rest.join('; ') || error.detail }) : null);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} close=${close} wide=${wide} onSubmit=${submit} footer=${html`
    <button class="btn" type="button" onClick=${() => close()}>Cancel</button>
    <button class="btn main" type="submit" aria-busy=${busy} disabled=${busy}>${action}</button>`}>${children}<${Refusal} problem=${problem}/><//>`;
}

const hardware = machine => [machine.identity?.manufacturer, machine.identity?.product, machine.identity?.arch,
  machine.identity?.serial && `serial ${machine.identity.serial}`, machine.identity?.ip].filter(Boolean).join(', ');

const goodName = text => /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(text) && !text.includes('..');

function Approve({ machine, close }) {
  const told = machine.identity?.hostname?.toLowerCase() ?? '';
  const form = useForm(`approve/${machine.name}`, { name: goodName(told) && !machines.items.value.has(told) ? told : machine.name, profile: '', labels: '' });
  const act = async () => {
    if (!goodName(form.get('name'))) { form.fault('name', 'Lower-case letters, digits, dots, hyphens; for example rack3-node08.'); throw new Error('Choose another name.'); }
    const labels = unpair(form.get('labels'));
    const saved = await approve(machine, form.get('name'), { profile: form.get('profile') || undefined, labels: Object.keys(labels).length ? labels : undefined });
    toast(`${saved.name} approved. It boots when it asks again, within half a minute.`);
    return saved;
  };
  return html`<${Form} close=${close} title=${`Approve ${machine.name}`} action="Approve" form=${form} act=${act}>
    <p class="muted"><bdi>${hardware(machine) || machine.macs.join(', ')}</bdi></p>
    <div class="cols"><${TextField} form=${form} name="name" label="Name"/>
      <${ChoiceField} form=${form} name="profile" label="Profile" options=${profileOptions(machine)}/></div>
    <${LinesField} form=${form} name="labels" label="Labels" hint="One on a line, for example rack=3" rows=2/>
    <p class="muted">It waits at its prompt and boots by itself once it is approved.</p><//>`;
}

export const openApprove = machine => show(close => html`<${Approve} machine=${machine} close=${close}/>`);

function ApproveAll({ list, close }) {
  const [done, setDone] = useState(0);
  const act = async () => {
    const problems = await each(list, machine => approve(machine, machine.name, {}), setDone);
    toast(`${list.length - problems.size} of ${plural(list.length, 'machine')} approved`);
  };
  return html`<${Form} close=${close} title=${`Approve ${plural(list.length, 'machine')}?`} action=${`Approve ${list.length}`} act=${act}>
    <p>${list.length === 1 ? 'It keeps its' : 'They keep their'} discovered names and boot what their labels and identity match:</p>
    <ul class="short">${list.slice(0, 8).map(machine => html`<li key=${machine.name}><b>${machine.name}</b> <span class="muted">${
      bySelector({ ...machine, state: 'registered' }, profiles.items.value.values())?.name}</span></li>`)}${list.length > 8 && html`<li class="muted">and ${list.length - 8} more</li>`}</ul>
    ${done > 0 && html`<progress class="thin" value=${done} max=${list.length} aria-label="Approved"></progress>`}<//>`;
}

export const openApproveAll = list => show(close => html`<${ApproveAll} list=${list} close=${close}/>`);

function Add({ close }) {
  const form = useForm('machine/+', { name: '', macs: '', profile: '', labels: '', notes: '' });
  const act = async () => {
    if (!goodName(form.get('name'))) { form.fault('name', 'Lower-case letters, digits, dots, hyphens; for example rack3-node08.'); throw new Error('Choose a name.'); }
    const saved = await put(`machines/${encodeURIComponent(form.get('name'))}`, {
      macs: form.get('macs').split(/[\s,]+/).filter(Boolean), profile: form.get('profile') || undefined,
      labels: unpair(form.get('labels')), notes: form.get('notes') || undefined,
    }, { headers: { 'If-None-Match': '*' } });
    machines.put(saved);
    go('machines', saved.name);
    toast(`${saved.name} added`);
  };
  return html`<${Form} close=${close} title="Add machine" action="Add machine" form=${form} act=${act}>
    <div class="cols"><${TextField} form=${form} name="name" label="Name" hint="Lower-case letters, digits, dots, hyphens."/>
      <${ChoiceField} form=${form} name="profile" label="Profile" options=${profileOptions(null)}/></div>
    <${LinesField} form=${form} name="macs" label="MAC addresses" hint="One on a line, for example 3c:ec:ef:41:02:44" rows=2/>
    <div class="cols"><${LinesField} form=${form} name="labels" label="Labels" hint="One on a line, for example rack=3" rows=3/>
      <${LinesField} form=${form} name="notes" label="Notes" mono=${false} rows=3/></div><//>`;
}

export const openAdd = () => show(close => html`<${Add} close=${close}/>`);

function Assign({ list, close }) {
  const form = useForm('assign', { profile: '' }), [done, setDone] = useState(0);
  return html`<${Form} close=${close} title=${`Profile of ${named(list)}`} action="Assign" form=${form}
    act=${() => change(list, form.get('profile') ? `Profile ${form.get('profile')}` : 'Profile by labels', { profile: form.get('profile') || null }, setDone)}>
    <${ChoiceField} form=${form} name="profile" label="Profile" options=${profileOptions(null)}/>
    ${done > 0 && html`<progress class="thin" value=${done} max=${list.length} aria-label="Done"></progress>`}<//>`;
}

export const openAssign = list => show(close => html`<${Assign} list=${list} close=${close}/>`);

function Label({ list, close }) {
  const form = useForm('label', { set: '', drop: '' }), [done, setDone] = useState(0);
  const known = [...new Set(list.flatMap(machine => Object.keys(machine.labels)))].sort();
  const act = () => change(list, 'Labels changed', { labels: {
    ...Object.fromEntries(form.get('drop').split(/[\s,]+/).filter(Boolean).map(key => [key, null])), ...unpair(lines(form.get('set')).join('\n')) } }, setDone);
  return html`<${Form} close=${close} title=${`Labels of ${named(list)}`} action="Change labels" form=${form} act=${act}>
    <${LinesField} form=${form} name="set" label="Set" hint="One on a line, for example rack=3. Others stay as they are." rows=3/>
    <${TextField} form=${form} name="drop" label="Remove" mono hint=${known.length ? `They have ${known.slice(0, 12).join(', ')}.` : 'They have none.'}/>
    ${done > 0 && html`<progress class="thin" value=${done} max=${list.length} aria-label="Done"></progress>`}<//>`;
}

export const openLabel = list => show(close => html`<${Label} list=${list} close=${close}/>`);

const actions = [['local', 'Local disk'], ['menu', 'Menu'], ['shell', 'iPXE shell']];

function Next({ list, close }) {
  const form = useForm('next', { what: [...profiles.items.value.keys()].sort()[0] ?? '!local' }), [done, setDone] = useState(0);
  const options = [...[...profiles.items.value.keys()].sort().map(name => [name, name]), ...actions.map(([action, text]) => [`!${action}`, text])];
  const what = form.get('what');
  return html`<${Form} close=${close} title=${`Next boot of ${named(list)}`} action="Boot once" form=${form}
    act=${() => bootNext(list, what.startsWith('!') ? { action: what.slice(1) } : { profile: what }, setDone)}>
    <${ChoiceField} form=${form} name="what" label="Once, at the next boot" options=${options}
      hint="After that ${list.length === 1 ? 'it boots' : 'they boot'} as before."/>
    ${done > 0 && html`<progress class="thin" value=${done} max=${list.length} aria-label="Done"></progress>`}<//>`;
}

export const openNext = list => show(close => html`<${Next} list=${list} close=${close}/>`);
