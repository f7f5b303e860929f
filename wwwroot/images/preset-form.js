// @ts-check
// Adding an image of a known system: what it needs, where its facts come from, and the few things to choose.
import { html } from '../core/ui.js';
import { ifAbsent, post, put } from '../core/api.js';
import { go, link } from '../core/router.js';
import { images } from '../core/stores.js';
import { bytes, lines } from '../parts/format.js';
import { Code } from '../parts/basics.js';
import { show } from '../parts/dialog.js';
import { LinesField, TextField, useForm } from '../parts/form.js';
import { FormDialog } from '../parts/form-dialog.js';
import { toast } from '../parts/messages.js';
import { markPlaceholders } from '../parts/placeholders.js';

/** A name that no image has yet. */
function freeName(name) {
  const taken = images.items.peek();
  for (let at = 1; ; at++) {
    const free = at === 1 ? name : `${name}-${at}`;
    if (!taken.has(free)) return free;
  }
}

/** The digits of an address are for its host, the rest for people. */
const isAddress = text => /^https?:\/\//.test(text);

const Facts = ({ preset }) => html`<dl class="kv">
  ${preset.downloadBytes && html`<dt>download</dt><dd>${bytes(preset.downloadBytes)} a version and system</dd>`}
  ${preset.memoryBytes && html`<dt>memory</dt><dd>at least ${bytes(preset.memoryBytes)}</dd>`}
  ${preset.firmware?.length > 0 && html`<dt>firmware</dt><dd>${preset.firmware.join(' and ')}</dd>`}
  ${preset.notes && html`<dt>notes</dt><dd class="prose">${preset.notes}</dd>`}
  ${preset.facts && html`<dt>facts from</dt><dd class="breakable">${isAddress(preset.facts.page)
    ? html`<code>${preset.facts.page}</code>` : preset.facts.page}, ${preset.facts.date}</dd>`}
  <dt>tried</dt><dd>${preset.tried ? 'yes, against the real mirror' : 'not against the real mirror yet'}</dd></dl>`;

const Source = ({ preset }) => html`${preset.kernelArguments?.length > 0 && html`<div class="rows tight"><span
    class="label">Kernel arguments</span><p class="code wrap">${preset.kernelArguments.map((argument, at) =>
      html`<span key=${at}>${markPlaceholders(argument)}${'\n'}</span>`)}</p></div>`}
  <details><summary>Its source</summary><${Code} label="Source" wrap text=${JSON.stringify(preset.source, null, 2)}/>
  </details>`;

function Form({ preset, saved, close }) {
  const form = useForm(`preset/${preset.name}`, { name: freeName(preset.name), systems: preset.systems.slice(0, 1)
    .join('\n'), schedule: preset.schedule ?? '' });
  const add = async () => {
    const made = await put(`images/${encodeURIComponent(form.get('name') || ' ')}`, { preset: preset.name,
      systems: lines(form.get('systems')), ...form.get('schedule') ? { schedule: form.get('schedule') } : {} },
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
    <${Source} preset=${preset}/><//>`;
}

/** @param {any} preset @param {((image: any) => void) | undefined} saved */
export const openPreset = (preset, saved) => show(close => html`<${Form} preset=${preset} saved=${saved}
  close=${close}/>`);
