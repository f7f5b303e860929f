// @ts-check
// Adding an image of a known system: what it needs, where its facts come from, and the few things to choose.
import { html } from '../core/ui.js';
import { ifAbsent, post, put } from '../core/api.js';
import { go, link } from '../core/router.js';
import { images } from '../core/stores.js';
import { bytes, lines } from '../parts/format.js';
import { ArgumentEditor } from '../parts/argument-editor.js';
import { useArgumentPreview } from '../parts/argument-preview.js';
import { Code } from '../parts/basics.js';
import { show } from '../parts/dialog.js';
import { LinesField, TextField, useForm } from '../parts/form.js';
import { FormDialog } from '../parts/form-dialog.js';
import { toast } from '../parts/messages.js';
import { firmwareText } from './recipe-model.js';

/** A name that no image has yet. */
function freeName(name) {
  const taken = images.items.peek();
  for (let at = 1; ; at++) {
    const free = at === 1 ? name : `${name}-${at}`;
    if (!taken.has(free)) return free;
  }
}

/** Where its facts were read may be a page or a document. */
const isAddress = text => /^https?:\/\//.test(text);

const Facts = ({ preset }) => html`<dl class="kv">
  ${preset.downloadBytes && html`<dt>download</dt><dd>${bytes(preset.downloadBytes)} a version and system</dd>`}
  ${preset.memoryBytes && html`<dt>memory</dt><dd>at least ${bytes(preset.memoryBytes)}</dd>`}
  ${preset.firmware?.length > 0 && html`<dt>firmware</dt><dd>${firmwareText(preset.firmware)}</dd>`}
  ${preset.notes && html`<dt>notes</dt><dd class="prose">${preset.notes}</dd>`}
  ${preset.facts && html`<dt>facts from</dt><dd class="breakable">${isAddress(preset.facts.page)
    ? html`<code>${preset.facts.page}</code>` : preset.facts.page}, ${preset.facts.date}</dd>`}
  <dt>tried</dt><dd>${preset.tried ? 'yes, against the real mirror' : 'not against the real mirror yet'}</dd></dl>`;

const Source = ({ preset }) => html`<details><summary>Its source</summary><${Code} label="Source" wrap
  text=${JSON.stringify(preset.source, null, 2)}/></details>`;

function Form({ preset, saved, close }) {
  const form = useForm(`preset/${preset.name}`, { name: freeName(preset.name), systems: preset.systems.slice(0, 1)
    .join('\n'), schedule: preset.schedule ?? '',
    kernelArguments: (preset.kernelArguments ?? []).join('\n') });
  const preview = useArgumentPreview(form.get('kernelArguments'), {});
  const add = async () => {
    const made = await put(`images/${encodeURIComponent(form.get('name') || ' ')}`, { preset: preset.name,
      systems: lines(form.get('systems')), schedule: form.get('schedule') || null,
      ...form.changed.includes('kernelArguments') ? { kernelArguments: lines(form.get('kernelArguments')) } : {} },
    ifAbsent);
    images.put(made);
    if (saved) return saved(made);
    go('images', made.name);
    const job = await post(`images/${encodeURIComponent(made.name)}/refreshes`).catch(() => null); // its page says so
    toast(job ? html`${made.name} added; its first version is being fetched. <a href=${link('jobs', job.id)}>Watch</a>`
      : `${made.name} added`);
  };
  return html`<${FormDialog} wide close=${close} form=${form} title=${`Add ${preset.title}`} action="Add image"
    act=${add}><p>${preset.description}</p><${Facts} preset=${preset}/>
    <div class="cols wide"><${TextField} form=${form} name="name" label="Name"
        hint="Lower-case letters, digits, dots, hyphens."/>
      <${LinesField} form=${form} name="systems" label="Systems" rows=${2}
        hint=${`One on a line: ${preset.systems.join(', ')}.`}/>
      <${TextField} form=${form} name="schedule" label="Refresh on a schedule" mono placeholder="0 4 * * 0"
        hint="Cron, in UTC. Empty: only when asked."/></div>
    <${ArgumentEditor} label="Kernel arguments" hint="Those that the system needs; change them where yours differ."
      value=${form.get('kernelArguments')} set=${text => form.set('kernelArguments', text)} measured
      error=${form.error('kernelArguments')} preview=${preview}/>
    <${Source} preset=${preset}/><//>`;
}

/** @param {any} preset @param {((image: any) => void) | undefined} saved */
export const openPreset = (preset, saved) => show(close => html`<${Form} preset=${preset} saved=${saved}
  close=${close}/>`);
