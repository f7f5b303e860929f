// @ts-check
// One profile: what it boots and for whom, what a person may choose, its own script; each previewed while one types.
import { html, useState } from '../core/ui.js';
import { go, link, route } from '../core/router.js';
import { put, remove, ifAbsent, ifRevision } from '../core/api.js';
import { images, profiles } from '../core/stores.js';
import { ArgumentEditor } from '../parts/argument-editor.js';
import { useArgumentPreview } from '../parts/argument-preview.js';
import { saveForm } from '../parts/saving.js';
import { may } from '../core/session.js';
import { Managed, mayChange } from '../parts/managed.js';
import { useResource } from '../core/resource.js';
import { nameOf } from './nameless.js';
import { useDraftMachines } from './draft-machines.js';
import { usePreview } from './preview.js';
import { useTitle } from '../core/title.js';
import { ask } from '../parts/dialog.js';
import { LinesField, TextField, useForm } from '../parts/form.js';
import { Ghost, Trouble, toast } from '../parts/messages.js';
import { Menu } from '../parts/menu.js';
import { Age } from '../parts/basics.js';
import { SaveBar, SaveTrouble, useSaving } from './save-bar.js';
import { draftOf, fresh, labels, toBody, toFields, wholeOf, words } from './profile-fields.js';
import { WhatToBoot } from './what-to-boot.js';
import { WhichMachines } from './which-machines.js';
import { LongestLine } from './longest-line.js';
import { MenuEditor } from './menu-editor.js';
import { TemplateEditor } from './template-editor.js';
import { MenuPreview, ScriptPreview } from './profile-preview.js';
import { openRename } from '../parts/rename.js';
import { OverlaySummary } from '../parts/overlay-summary.js';

/** Saves it; a new one gets its page. */
async function save({ profile, form, isNew }) {
  if (isNew) {
    const made = await put(`profiles/${encodeURIComponent(form.get('name') || ' ')}`, wholeOf(form), ifAbsent);
    form.clear();
    profiles.put(made);
    toast(`${made.name} added`);
    return go('profiles', made.name);
  }
  const stored = await saveForm({ path: `profiles/${encodeURIComponent(profile.name)}`, what: profile.name,
    resource: form.resource, form, labels, toFields, toBody, words });
  form.clear();
  profiles.put(stored);
  toast(`${profile.name} saved. Machines get it from their next boot on.`);
}

async function drop(profile) {
  if (!await ask({ title: `Delete ${profile.name}?`, action: 'Delete profile', keep: 'Keep it',
    text: 'Machines that match it by their labels get the next best one. This cannot be undone.' })) return;
  try {
    await remove(`profiles/${encodeURIComponent(profile.name)}`, ifRevision(profile.revision));
    profiles.drop(profile.name);
    go('profiles');
    toast(`${profile.name} deleted`);
  } catch (problem) { toast(problem.message, { seconds: 12 }); }
}

/** Machines that may be named for a preview, beside those that the profile concerns. */
const otherNames = 'machines?limit=200';

/** The menu, the script, and, for those who may change them, what a machine would get. */
function Scripts({ form, name, fixed, draft: { machines, problem } }) {
  const { menu, ...plain } = wholeOf(form), previews = may('operator');
  const others = useResource(otherNames, { poll: false });
  const concerned = machines?.items.map(({ machine }) => machine.name) ?? [];
  const names = [...new Set([...concerned, ...others.data?.items.map(machine => machine.name) ?? []])];
  const [typed, setTyped] = useState(route.value.query.get('for'));
  const machine = typed ?? (machines?.matching > 0 ? concerned[0] : '');
  // Which machine it is for is known with the first answer.
  const asks = previews && (typed !== null || machines !== null || problem !== null);
  const offered = usePreview(name, asks && menu ? { ...plain, menu } : null, machine);
  const own = usePreview(name, asks ? plain : null, machine);
  const fault = (own.fresh && own.plan?.templateFault) || null;
  return html`<fieldset class="through" disabled=${fixed}>
    <section class=${menu && previews ? 'panel w7' : 'panel'} aria-labelledby="h-menu">
      <${MenuEditor} form=${form} self=${name}/></section></fieldset>
    ${menu && previews && html`<section class="panel w5" aria-labelledby="h-screen">
      <${MenuPreview} preview=${offered}/></section>`}
    <fieldset class="through" disabled=${fixed}>
    <section class=${previews ? 'panel w7' : 'panel'} aria-labelledby="h-tpl"><${TemplateEditor} form=${form}
      fault=${fault} tried=${own.fresh && own.plan !== null}/></section></fieldset>
    ${previews && html`<section class="panel w5" aria-labelledby="h-pre"><${ScriptPreview} preview=${own}
      names=${names} machine=${machine} choose=${setTyped} fault=${fault}/></section>`}`;
}

function Editor({ profile, isNew }) {
  const form = useForm(isNew ? 'profile/+' : `profile/${profile.name}`,
    { ...isNew ? { name: '' } : {}, ...toFields(profile) }, profile);
  const saving = useSaving(form, () => save({ profile, form, isNew }));
  const name = isNew ? form.get('name') : profile.name, draft = draftOf(form);
  const found = useDraftMachines(name, wholeOf(form));
  const line = useArgumentPreview(form.get('kernelArguments'), { image: draft.image, version: draft.version,
    variant: form.get('variant') === '{machine}' ? '' : form.get('variant') });
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('profiles')}>Profiles</a> / <bdi>
    ${isNew ? 'new' : profile.name}</bdi></nav>
      <h1 dir="auto">${isNew ? 'Add profile' : profile.name}</h1>
        ${!isNew && html`<span class="muted">revision ${profile.revision}, saved <${Age} at=${profile.updatedAt}/>
          </span>`}
      ${mayChange(profile) && html`<${SaveBar} form=${form} saving=${saving} isNew=${isNew}
        action=${isNew ? 'Add profile' : 'Save'}>
        ${!isNew && html`<${Menu} label="More actions" items=${[{ text: 'Rename…',
          act: () => openRename('profiles', profile) }, { text: 'Delete…',
          act: () => drop(profile) }]}/>`}<//>`}</div>
    <${SaveTrouble} saving=${saving}/><${Managed} of=${profile}/>
    <fieldset class="through" disabled=${Boolean(profile.managedBy)}>
    <section class="panel w7" aria-label="What to boot"><${WhatToBoot} form=${form} isNew=${isNew}/>
      <header><h2 id="h-args">Kernel arguments</h2><small>one on a line, after those of the image</small></header>
      <div class="body rows"><${ArgumentEditor} label="Kernel arguments" hidden measured preview=${line}
          hint="{{ begins a placeholder." value=${form.get('kernelArguments')} error=${form.error('kernelArguments')}
          set=${text => form.set('kernelArguments', text)}/>
        <${LongestLine} draft=${draft} longest=${found.machines?.longest}
          rendered=${line.answer?.bytes}/></div>
      ${!isNew && html`<${OverlaySummary} kind="profiles" of=${profile} saved=${profiles.put}/>`}</section>
    <section class="panel w5" aria-label="Which machines"><header><h2>Which machines</h2></header>
      <div class="body rows"><${LinesField} form=${form} name="selector" label="Selector: all of these labels"
        hint="One on a line, for example role=worker. Without one it is only booted by name." rows=${3}/>
        <${TextField} form=${form} name="priority" label="Priority" type="number"
          hint="Among profiles that match with as many labels the highest wins."/></div>
      <${WhichMachines} draft=${found} name=${nameOf(name)}/></section>
    </fieldset>
    <${Scripts} form=${form} name=${name} fixed=${Boolean(profile.managedBy)} draft=${found}/>`;
}

export default function ProfilePage({ name }) {
  const isNew = name === '+', all = profiles.use();
  useTitle(isNew ? 'Add profile' : name);
  images.use();
  const ready = profiles.state.value === 'ready' && images.state.value === 'ready';
  if (!ready) return html`<section class="panel">
    ${profiles.problem.value ? html`<${Trouble} problem=${profiles.problem.value} retry=${profiles.load}/>`
      : html`<${Ghost} lines=${8}/>`}</section>`;
  if (!isNew && !all.has(name)) return html`<section class="panel">
    <${Trouble} problem=${{ status: 404, title: `There is no profile ${name}`,
      detail: 'It may have been deleted.' }}/></section>`;
  return html`<${Editor} key=${name} profile=${isNew ? fresh() : all.get(name)} isNew=${isNew}/>`;
}
