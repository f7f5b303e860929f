// One profile: what it boots, its arguments, and which machines match while one types.
import { html } from '../ui.js';
import { go, link } from '../router.js';
import { put, remove, ifAbsent, ifRevision } from '../api.js';
import { useResource } from '../resource.js';
import { images, machines, profiles } from '../stores.js';
import { saveForm } from '../saving.js';
import { may } from '../session.js';
import { useTitle } from '../shell.js';
import { ask } from '../parts/dialog.js';
import { ChoiceField, LinesField, TextField, useForm } from '../parts/form.js';
import { Ghost, Trouble, toast } from '../parts/messages.js';
import { Menu } from '../parts/menu.js';
import { Age } from '../parts/basics.js';
import { SaveBar, SaveTrouble, useSaving } from '../parts/saveable.js';
import { lines, pairs, unpair } from '../parts/format.js';
import { WhichMachines } from '../parts/whichmachines.js';
import { LongestLine } from '../parts/longestline.js';

const labels = { image: 'image', version: 'version', variant: 'variant', selector: 'selector', priority: 'priority',
  kernelArguments: 'kernel arguments', after: 'after a success', expects: 'counts as success' };

const toFields = profile => ({ image: profile.image, version: profile.version ?? '', variant: profile.variant ?? '',
  selector: pairs(profile.selector),
  priority: String(profile.priority), kernelArguments: profile.kernelArguments.join('\n'), after: profile.after,
    expects: profile.expects });

const convert = { kernelArguments: lines, priority: text => text.trim() === '' ? 0 : Number.isNaN(Number(text)) ? text
  : Number(text) };

const toBody = (changes, before) => Object.fromEntries(Object.entries(changes).map(([name, text]) => [name,
  name === 'selector' ? { ...Object.fromEntries(Object.keys(before.selector ?? {}).map(key => [key, null])),
    ...unpair(text) }
    : convert[name] ? convert[name](text) : text || null]));

const fresh = () => ({ name: '', image: [...images.items.value.keys()].sort()[0] ?? '', version: '', variant: '',
  selector: '', priority: 0,
  kernelArguments: [], after: 'repeat', expects: 'auto' });

function What({ form, isNew }) {
  const chosen = images.items.value.get(form.get('image'));
  const versions = useResource(chosen ? `images/${encodeURIComponent(chosen.name)}/versions` : null, { poll: false });
  const kept = versions.data?.items.map(version =>
    [version.id, `${version.id.slice(0, 8)}, ${version.createdAt.slice(0, 10)}`]) ?? [];
  const pinned = form.get('version');
  if (pinned && !kept.some(([id]) => id === pinned)) kept.push([pinned, pinned.slice(0, 8)]);
  return html`<header><h2>What to boot</h2></header><div class="body cols">
    ${isNew && html`<${TextField} form=${form} name="name" label="Name"
      hint="Lower-case letters, digits, dots, hyphens."/>`}
    <${ChoiceField} form=${form} name="image" label="Image"
      options=${[...images.items.value.keys()].sort().map(name => [name, name])}/>
    <${ChoiceField} form=${form} name="version" label="Version"
      options=${[['', `Whatever is current${chosen?.current ? ` (${chosen.current.slice(0, 8)})` : ''}`], ...kept]}/>
    <${TextField} form=${form} name="variant" label="Variant" mono
      hint="One of several systems in the image, or {machine}."/>
    <${ChoiceField} form=${form} name="after" label="After a success"
      options=${[['repeat', 'Boot this again (repeat)'], ['local', 'Boot the local disk (local)']]}/>
    <${ChoiceField} form=${form} name="expects" label="Counts as success"
      options=${[['auto', 'auto: up, once the image has phoned home'], ['up', 'up: the system phoned home'],
        ['ready', 'ready: the kernel was started']]}/></div>`;
}

function Editor({ profile, isNew }) {
  const form = useForm(isNew ? 'profile/+' : `profile/${profile.name}`,
    { ...isNew ? { name: '' } : {}, ...toFields(profile) });
  const saving = useSaving(form, async () => {
    if (isNew) {
      const body = toBody(Object.fromEntries(Object.keys(labels).map(name => [name, form.get(name)])
        .filter(([, text]) => text !== '')), {});
      const made = await put(`profiles/${encodeURIComponent(form.get('name') || ' ')}`, body, ifAbsent);
      form.clear();
      profiles.put(made);
      toast(`${made.name} added`);
      return go('profiles', made.name);
    }
    const stored = await saveForm({ path: `profiles/${encodeURIComponent(profile.name)}`, what: profile.name,
      resource: profile, form, labels, toFields, toBody });
    form.clear();
    profiles.put(stored);
    toast(`${profile.name} saved. Machines get it from their next boot on.`);
  });
  const drop = async () => {
    if (!await ask({ title: `Delete ${profile.name}?`, action: 'Delete profile', keep: 'Keep it',
      text: 'Machines that match it by their labels get the next best one. This cannot be undone.' })) return;
    try {
      await remove(`profiles/${encodeURIComponent(profile.name)}`, ifRevision(profile.revision));
      profiles.drop(profile.name);
      go('profiles');
      toast(`${profile.name} deleted`);
    } catch (problem) { toast(problem.message, { seconds: 12 }); }
  };
  const draft = { name: profile.name || form.get('name'), selector: unpair(form.get('selector')),
    priority: Number(form.get('priority')) || 0,
    image: form.get('image'), version: form.get('version') || undefined,
      kernelArguments: lines(form.get('kernelArguments')) };
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('profiles')}>Profiles</a> / <bdi>
    ${isNew ? 'new' : profile.name}</bdi></nav>
      <h1 dir="auto">${isNew ? 'Add profile' : profile.name}</h1>
        ${!isNew && html`<span class="muted">revision ${profile.revision}, saved <${Age} at=${profile.updatedAt}/>
          </span>`}
      ${may('operator') && html`<${SaveBar} form=${form} saving=${saving} isNew=${isNew}
        action=${isNew ? 'Add profile' : 'Save'}>
        ${!isNew && html`<${Menu} label="More actions" items=${[{ text: 'Delete…', act: drop }]}/>`}<//>`}</div>
    <${SaveTrouble} saving=${saving}/>
    <section class="panel w7" aria-label="What to boot"><${What} form=${form} isNew=${isNew}/>
      <header><h2 id="h-args">Kernel arguments</h2><small>one on a line, after those of the image</small></header>
      <div class="body rows"><${LinesField} form=${form} name="kernelArguments" label="Kernel arguments" hidden
        rows=${6}/>
        <${LongestLine} draft=${draft}/></div></section>
    <section class="panel w5" aria-label="Which machines"><header><h2>Which machines</h2></header>
      <div class="body rows"><${LinesField} form=${form} name="selector" label="Selector: all of these labels"
        hint="One on a line, for example role=worker. Without one it is only booted by name." rows=${3}/>
        <${TextField} form=${form} name="priority" label="Priority" type="number"
          hint="Among profiles that match with as many labels the highest wins."/></div>
      <${WhichMachines} draft=${draft}/></section>`;
}

export default function ProfilePage({ name }) {
  const isNew = name === '+', all = profiles.use();
  useTitle(isNew ? 'Add profile' : name);
  images.use();
  machines.use();
  const ready = profiles.state.value === 'ready' && images.state.value === 'ready';
  if (!ready) return html`<section class="panel">
    ${profiles.problem.value ? html`<${Trouble} problem=${profiles.problem.value} retry=${profiles.load}/>`
      : html`<${Ghost} lines=${8}/>`}</section>`;
  if (!isNew && !all.has(name)) return html`<section class="panel">
    <${Trouble} problem=${{ status: 404, title: `There is no profile ${name}`,
      detail: 'It may have been deleted.' }}/></section>`;
  return html`<${Editor} key=${name} profile=${isNew ? fresh() : all.get(name)} isNew=${isNew}/>`;
}
