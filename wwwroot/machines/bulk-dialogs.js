// @ts-check
// Dialogs that change machines, one or many: profile, labels, next boot.
import { html, useState } from '../core/ui.js';
import { profiles } from '../core/stores.js';
import { bootNext, change } from './machine-acts.js';
import { keyOf } from '../core/drafts.js';
import { show } from '../parts/dialog.js';
import { ChoiceField, LinesField, TextField, useForm } from '../parts/form.js';
import { FormDialog } from '../parts/form-dialog.js';
import { asksAgain } from './next-boot.js';
import { useProfileOptions } from './profile-options.js';
import { lines, plural, unpair } from '../parts/format.js';

const named = list => list.length === 1 ? list[0].name : plural(list.length, 'machine');

/** How many are done, once the first is. */
const Done = ({ done, of }) => done > 0
  && html`<progress class="thin" value=${done} max=${of.length} aria-label="Done"></progress>`;

function Assign({ list, close }) {
  const form = useForm(keyOf('assign', list), { profile: '' }), [done, setDone] = useState(0);
  return html`<${FormDialog} close=${close} title=${`Profile of ${named(list)}`} action="Assign" form=${form} many
    act=${signal => change(list, form.get('profile') ? `Profile ${form.get('profile')}` : 'Profile by labels',
      { profile: form.get('profile') || null }, setDone, signal)}>
    <${ChoiceField} form=${form} name="profile" label="Profile" options=${useProfileOptions(null)}/>
    <${Done} done=${done} of=${list}/><//>`;
}

export const openAssign = list => show(close => html`<${Assign} list=${list} close=${close}/>`);

function Label({ list, close }) {
  const form = useForm(keyOf('label', list), { set: '', drop: '' }), [done, setDone] = useState(0);
  const known = [...new Set(list.flatMap(machine => Object.keys(machine.labels)))].sort();
  const act = signal => change(list, 'Labels changed', { labels: {
    ...Object.fromEntries(form.get('drop').split(/[\s,]+/).filter(Boolean).map(key => [key, null])),
      ...unpair(lines(form.get('set')).join('\n')) } }, setDone, signal);
  return html`<${FormDialog} close=${close} title=${`Labels of ${named(list)}`} action="Change labels" form=${form} many
    act=${act}>
    <${LinesField} form=${form} name="set" label="Set"
      hint="One on a line, for example rack=3. Others stay as they are." rows=3/>
    <${TextField} form=${form} name="drop" label="Remove" mono
      hint=${known.length ? `They have ${known.slice(0, 12).join(', ')}.` : 'They have none.'}/>
    <${Done} done=${done} of=${list}/><//>`;
}

export const openLabel = list => show(close => html`<${Label} list=${list} close=${close}/>`);

const actions = [['local', 'Local disk'], ['menu', 'Menu'], ['shell', 'iPXE shell']];

function Next({ list, close }) {
  const form = useForm(keyOf('next', list), { what: [...profiles.items.value.keys()].sort()[0] ?? '!local' }),
    [done, setDone] = useState(0);
  const options = [...[...profiles.items.value.keys()].sort().map(name => [name, name]),
    ...actions.map(([action, text]) => [`!${action}`, text])];
  const what = form.get('what');
  return html`<${FormDialog} close=${close} title=${`Next boot of ${named(list)}`} action="Boot once" form=${form} many
    act=${signal => bootNext(list, what.startsWith('!') ? { action: what.slice(1) } : { profile: what }, setDone,
      signal)}>
    <${ChoiceField} form=${form} name="what" label="Once, at the next boot" options=${options}
      hint=${list.length === 1 ? `It happens when the machine starts next. After that it boots as before. ${
        asksAgain(list[0])}` : 'Each at its next start; after that they boot as before.'}/>
    <${Done} done=${done} of=${list}/><//>`;
}

export const openNext = list => show(close => html`<${Next} list=${list} close=${close}/>`);
