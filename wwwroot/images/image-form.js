// @ts-check
// Making and changing an image: its source as its type wants it, when to refresh, how much to keep.
import { html, useState } from '../core/ui.js';
import { put, ifAbsent } from '../core/api.js';
import { go } from '../core/router.js';
import { has } from '../core/state.js';
import { images } from '../core/stores.js';
import { saveForm } from '../parts/saving.js';
import { Dialog, show } from '../parts/dialog.js';
import { ChoiceField, LinesField, TextField, useForm } from '../parts/form.js';
import { SourceFields } from './image-source.js';
import { beginning, kinds } from './source-kinds.js';
import { Refusal, toast } from '../parts/messages.js';
import { lines } from '../parts/format.js';

const labels = { source: 'source', schedule: 'schedule', timeZone: 'time zone', keep: 'versions kept',
  systems: 'systems' };
const toFields = image => ({ source: JSON.stringify(image.source, null, 2), schedule: image.schedule ?? '',
  timeZone: image.timeZone ?? '', keep: String(image.keep), systems: image.systems.join('\n') });

const toBody = fields => Object.fromEntries(Object.entries(fields).map(([name, text]) => [name,
  name === 'source' ? parse(text) : name === 'systems' ? lines(text) : name === 'keep' ? Number(text) : text || null]));

function parse(text) {
  try { return JSON.parse(text); } catch (error) {
    throw Object.assign(new Error(), { title: 'The source is not JSON', detail: error.message,
      errors: { '$.source': [`is not JSON: ${error.message}`] } });
  }
}

/** @param {{image?: any, type?: string, saved?: (image: any) => void, back?: () => void, close: () => void}} props */
function Form({ image, type: first = 'upload', saved, back, close }) {
  const form = useForm(image ? `image/${image.name}` : `image/+${first}`, image ? toFields(image)
    : { name: '', source: beginning(first), schedule: '', timeZone: '', keep: '3',
      systems: '' });
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const type = /"type":\s*"([a-z]+)"/.exec(form.get('source'))?.[1] ?? '';
  const save = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const stored = image ? await saveForm({ path: `images/${encodeURIComponent(image.name)}`, what: image.name,
        resource: image, form, labels, toFields, toBody })
        : await put(`images/${encodeURIComponent(form.get('name') || ' ')}`,
          toBody(Object.fromEntries(Object.keys(labels).map(name => [name, form.get(name)])
            .filter(([, text]) => text !== ''))), ifAbsent);
      form.clear();
      images.put(stored);
      saved?.(stored);
      close();
      toast(`${stored.name} ${image ? 'saved' : 'added'}`);
      if (!image && !saved) go('images', stored.name);
    } catch (error) {
      const rest = form.refuse(error);
      setProblem(Object.keys(error.errors ?? {}).length === 0 || rest.length
        ? Object.assign(error, { detail: rest.join('; ') || error.detail }) : null);
      setBusy(false);
    }
  };
  const types = kinds.filter(kind => kind.type === 'upload' || has('images/{name}/refreshes'));
  return html`<${Dialog} wide title=${image ? `Edit ${image.name}` : 'Add image'} close=${close} onSubmit=${save}
    footer=${html`
    ${back && html`<button class="btn" type="button" onClick=${() => { close(); back(); }}>Back</button>`}
    <button class="btn push" type="button" onClick=${() => { form.clear(); close(); }}>
      ${form.changed.length ? 'Discard' : 'Cancel'}</button>
    <button class="btn main" type="submit" aria-busy=${busy} disabled=${busy}>${image ? 'Save' : 'Add image'}
      </button>`}>
    <div class="cols wide">${!image
      && html`<${TextField} form=${form} name="name" label="Name" hint="Lower-case letters, digits, dots, hyphens."/>`}
      <${ChoiceField} form=${{ ...form, get: () => type, set: (_, value) =>
        form.set('source', beginning(value)), error: () => undefined }}
        name="type" label="Where from" options=${types.map(kind => [kind.type, kind.name])}/>
      <${TextField} form=${form} name="keep" label="Versions kept" type="number"
        hint="The newest; and older ones in use."/></div>
    ${type !== 'upload' && html`<${SourceFields} form=${form}/>
      <div class="cols"><${TextField} form=${form} name="schedule" label="Refresh on a schedule" mono
        placeholder="0 4 * * *"
        hint="Cron: minute, hour, day, month, weekday (0 or 7 is Sunday). Empty: only when asked."/>
        <${TextField} form=${form} name="timeZone" label="Time zone" placeholder="UTC"
          hint="For example Europe/Berlin."/></div>`}
    <${LinesField} form=${form} name="systems" label="Systems"
      hint="One on a line, for example x86_64-linux. Empty: the server’s own." rows=2/>
    <${Refusal} problem=${problem}/><//>`;
}

/** A new image of a kind of source. @param {string} type @param {(() => void)} back opens what it was chosen in */
export const openNewImage = (type, saved, back) =>
  show(close => html`<${Form} type=${type} saved=${saved} back=${back} close=${close}/>`);

/**
 * Changes an image; without one asks first what the new one shall be.
 * @param {(image: any) => void} [saved] what comes next; without it a new image's page
 */
export async function openImageForm(image, saved) {
  if (image) return show(close => html`<${Form} image=${image} saved=${saved} close=${close}/>`);
  const { openGallery } = await import('./gallery.js');
  return openGallery(saved);
}
