// @ts-check
// Adding an image: known systems first, then one's own.
import { html } from '../core/ui.js';
import { has } from '../core/state.js';
import { useResource } from '../core/resource.js';
import { styleSheet } from '../core/style-sheet.js';
import { bytes } from '../parts/format.js';
import { Dialog, show } from '../parts/dialog.js';
import { Ghost, Note, Trouble } from '../parts/messages.js';
import { openNewImage } from './image-form.js';
import { openPreset } from './preset-form.js';
import { firmwareText } from './recipe-model.js';
import { kinds } from './source-kinds.js';

/** Size, memory, firmware: what decides whether it is the right one. */
const needsOf = ({ downloadBytes, memoryBytes, firmware }) => [downloadBytes && bytes(downloadBytes),
  memoryBytes && `needs ${bytes(memoryBytes)} of memory`, firmwareText(firmware)]
  .filter(Boolean).join(' · ');

const Card = ({ title, text, foot, tags, act }) => html`<li><button class="card" type="button" onClick=${act}><b>
  ${title}</b><span>${text}</span>${foot && html`<small>${foot}</small>`}${tags?.some(Boolean) && html`<span
  class="bar">${tags.filter(Boolean).map(tag => html`<span class="tag" key=${tag}>${tag}</span>`)}</span>`}</button>
  </li>`;

const Presets = ({ presets: { data, problem, reload }, choose }) => problem && !data
  ? html`<${Trouble} problem=${problem} retry=${reload}/>` : !data ? html`<${Ghost}/>`
  : html`<ul class="cards" aria-label="Known systems">${(data.items ?? data).map(preset => html`<${Card}
      key=${preset.name} title=${preset.title} text=${preset.description} foot=${needsOf(preset)}
      tags=${[preset.origin === 'own' && 'yours', !preset.tried && 'not tried yet']} act=${() => choose(preset)}/>`)}
    </ul>`;

function Gallery({ saved, close }) {
  const fetches = has('images/{name}/refreshes'), known = has('presets') && fetches;
  const presets = useResource(known ? 'presets' : null, { poll: false });
  const faults = useResource(has('presets/faults') ? 'presets/faults' : null, { poll: false });
  const back = () => openGallery(saved);
  return html`<${Dialog} wide title="Add an image" close=${close} footer=${html`
    <button class="btn" type="button" onClick=${() => close()}>Cancel</button>`}>
    ${known && html`<h3>Known systems</h3><${Presets} presets=${presets}
      choose=${preset => { close(); openPreset(preset, saved); }}/>
      ${faults.data?.map(({ file, line, fault }) => html`<${Note} key=${file} is="warning"><code>${file}</code>, line ${
        line}: ${fault}<//>`)}`}
    <h3>Your own</h3><ul class="cards small" aria-label="Your own">${kinds.filter(({ type }) => fetches || type
      === 'upload').map(({ type, name, text }) => html`<${Card} key=${type} title=${name} text=${text}
        act=${() => { close(); openNewImage(type, saved, back); }}/>`)}</ul><//>`;
}

/** @param {(image: any) => void} [saved] what comes next; without it the new image's page */
export async function openGallery(saved) {
  await styleSheet('css/images.css');
  return show(close => html`<${Gallery} saved=${saved} close=${close}/>`);
}
