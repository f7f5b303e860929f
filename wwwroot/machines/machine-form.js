// @ts-check
// Editing what is set of a machine.
import { html, useState } from '../core/ui.js';
import { ArgumentEditor } from '../parts/argument-editor.js';
import { useArgumentPreview } from '../parts/argument-preview.js';
import { saveForm } from '../parts/saving.js';
import { useProfileOptions } from './profile-options.js';
import { Dialog, show } from '../parts/dialog.js';
import { ChoiceField, LinesField, TextField, useForm } from '../parts/form.js';
import { Refusal, toast } from '../parts/messages.js';
import { lines, pairs, unpair } from '../parts/format.js';

const labels = { macs: 'MAC addresses', profile: 'profile', variant: 'variant', version: 'version', labels: 'labels',
  kernelArguments: 'kernel arguments',
  uuid: 'UUID', serial: 'serial', asset: 'asset tag', arch: 'architecture', notes: 'notes' };

const toFields = machine => ({ macs: machine.macs.join('\n'), profile: machine.profile ?? '', variant: machine.variant
  ?? '', version: machine.version ?? '', labels: pairs(machine.labels),
  kernelArguments: machine.kernelArguments.join('\n'), uuid: machine.uuid ?? '', serial: machine.serial ?? '',
    asset: machine.asset ?? '',
  arch: machine.arch ?? '', notes: machine.notes ?? '' });

const lists = { macs: text => text.split(/[\s,]+/).filter(Boolean), kernelArguments: lines };

/** A merge: labels that are gone must be named to go. */
const toBody = (changes, before) => Object.fromEntries(Object.entries(changes).map(([name, text]) => {
  if (name === 'labels') return [name, { ...Object.fromEntries(Object.keys(before.labels).map(key => [key, null])),
    ...unpair(text) }];
  return [name, lists[name] ? lists[name](text) : text || null];
}));

function Form({ machine, saved, close }) {
  const form = useForm(`machine/${machine.name}/${machine.revision}`, toFields(machine));
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const preview = useArgumentPreview(form.get('kernelArguments'), { machine: machine.name,
    profile: form.get('profile') });
  const save = async () => {
    if (form.changed.length === 0) return close();
    setBusy(true);
    setProblem(null);
    try {
      const stored = await saveForm({ path: `machines/${encodeURIComponent(machine.name)}`, what: machine.name,
        resource: machine, form, labels, toFields, toBody });
      form.clear();
      saved(stored);
      close();
      toast(`${machine.name} saved`);
    } catch (error) {
      const rest = form.refuse(error);
      setProblem(Object.keys(error.errors ?? {}).length === 0 || rest.length
        ? Object.assign(error, { detail: rest.join('; ') || error.detail }) : null);
      setBusy(false);
    }
  };
  const discard = () => { form.clear(); close(); };
  return html`<${Dialog} wide title=${`Edit ${machine.name}`} close=${close} onSubmit=${save} footer=${html`
    ${form.changed.length > 0 && html`<small class="s-hide">
      ${form.changed.length} not saved; kept while this page is open</small>`}
    <button class="btn push" type="button" onClick=${discard}>${form.changed.length ? 'Discard' : 'Cancel'}</button>
    <button class="btn main" type="submit" aria-busy=${busy} disabled=${busy}>Save</button>`}>
    <div class="cols wide">
      <${ChoiceField} form=${form} name="profile" label="Profile" options=${useProfileOptions(machine)}/>
      <${TextField} form=${form} name="variant" label="Variant" mono hint="Empty: as the profile says."/>
      <${TextField} form=${form} name="version" label="Version" mono hint="Empty: as the profile says. An id pins it."/>
      <${ChoiceField} form=${form} name="arch" label="Architecture"
        options=${[['', 'What it says at boot'], ['x86_64', 'x86_64'], ['aarch64', 'aarch64'],
          ['riscv64', 'riscv64']]}/></div>
    <div class="cols"><${LinesField} form=${form} name="labels" label="Labels"
      hint="One on a line, for example rack=3" rows=4/>
      <${LinesField} form=${form} name="notes" label="Notes" mono=${false} rows=4/></div>
    <${ArgumentEditor} label="Kernel arguments" hint="One on a line, after the profile's. {{ begins a placeholder."
      value=${form.get('kernelArguments')} set=${text => form.set('kernelArguments', text)}
      error=${form.error('kernelArguments')} preview=${preview}/>
    <div class="cols"><${LinesField} form=${form} name="macs" label="MAC addresses" rows=2
      hint="One on a line. With a UUID or serial the first boot fills it in."/>
      <${TextField} form=${form} name="uuid" label="UUID" mono/></div>
    <div class="cols"><${TextField} form=${form} name="serial" label="Serial" mono/>
      <${TextField} form=${form} name="asset" label="Asset tag" mono/></div>
    <${Refusal} problem=${problem}/><//>`;
}

export const openMachineForm = (machine, saved) =>
  show(close => html`<${Form} machine=${machine} saved=${saved} close=${close}/>`);
