// @ts-check
// What a machine loads of a version: the picture, what it takes, the kernel arguments with their placeholders.
import { html, useState } from '../core/ui.js';
import { bytes, short } from '../parts/format.js';
import { Code } from '../parts/basics.js';
import { markPlaceholders, meaningOf, placeholdersIn, usePlaceholders } from '../parts/placeholders.js';
import { boots, loadsOf, recipesOf } from './recipe-model.js';
import { Beside, Fetched, Loaded } from './recipe-picture.js';

/** Placeholders that these arguments have, each once, with what it stands for. */
function Placeholders({ of }) {
  const all = usePlaceholders(), used = [...new Set(of.flatMap(placeholdersIn))];
  if (used.length === 0) return null;
  return html`<dl class="kv names">${used.map(text => {
    const known = meaningOf(text, all);
    return html`<dt key=${text}><code>${text}</code></dt><dd>${known?.meaning ?? 'filled in at each boot'}${known?.by
      === 'ipxe' && html` <span class="tag">filled in by iPXE</span>`}</dd>`;
  })}</dl>`;
}

const Arguments = ({ of }) => html`<h3>Kernel arguments</h3>${of.length === 0
  ? html`<p class="muted">The image has none. Those of the profile and the machine are all there are.</p>`
  : html`<${Code} label="Kernel arguments of the image" wrap text=${of.join(' ')}>${of.map((argument, at) =>
      html`<span key=${at}>${markPlaceholders(argument)}${'\n'}</span>`)}<//>
    <${Placeholders} of=${of}/>
    <small>Those of the profile and the machine follow.</small>`}`;

const onFirmware = loads => loads.length === 0 ? '' : loads.every(([, size]) => size === loads[0][1])
  ? bytes(loads[0][1]) : loads.map(([firmware, size]) => `${bytes(size)} on ${firmware}`).join(', ');

const Facts = ({ named }) => {
  const loads = loadsOf(named), { recipe } = named;
  return html`<dl class="kv">${loads.length > 0 && html`<dt>to load</dt><dd>${onFirmware(loads)}</dd>`}
    ${recipe.memoryBytes && html`<dt>memory</dt><dd>at least ${bytes(recipe.memoryBytes)}</dd>`}
    ${!recipe.kernel && recipe.efi && html`<dt>firmware</dt>
      <dd>UEFI only; a BIOS machine shows so on its screen</dd>`}
    </dl>`;
};

/** A choice that is only there when there is something to choose. */
const Choice = ({ label, value, options, choose }) => options.length > 1 && html`<label class="check"><span
  class="vh">${label}</span><select class="auto" aria-label=${label} value=${value}
  onChange=${event => choose(event.target.value)}>${options.map(([key, text]) => html`<option key=${key} value=${key}
    selected=${key === value}>${text}</option>`)}</select></label>`;

/** @param {{versions: any[]}} props newest first; the current one is shown until another is chosen */
export function Recipe({ versions }) {
  const [id, setId] = useState(''), [key, setKey] = useState('');
  const version = versions.find(one => one.id === id) ?? versions.find(one => one.current) ?? versions[0];
  if (!version) return null;
  const all = recipesOf(version), named = all.find(one => one.key === key) ?? all[0];
  const total = Math.max(0, ...loadsOf(named).map(([, size]) => size));
  return html`<header><h2 id="h-recipe">What a machine loads</h2><small>${versions.length === 1 && short(version.id)}
      ${all.length === 1 && ` ${named.key}`}</small><span class="bar push">
    <${Choice} label="Version" value=${version.id} choose=${setId} options=${versions.map(one =>
      [one.id, `${short(one.id)}${one.current ? ', current' : ''}`])}/>
    <${Choice} label="System" value=${named.key} choose=${setKey} options=${all.map(one => [one.key, one.key])}/>
    </span></header>
    <div class="body rows">${boots(named.recipe) ? html`<${Loaded} version=${version} named=${named} total=${total}/>
        <${Facts} named=${named}/>`
      : html`<p>Nothing is loaded over the network: it has neither a kernel nor an EFI program.</p>`}
      <${Fetched} version=${version} named=${named}/>
      ${boots(named.recipe) && html`<${Arguments} of=${named.recipe.kernelArguments}/>`}
      <${Beside} version=${version} named=${named}/></div>`;
}
