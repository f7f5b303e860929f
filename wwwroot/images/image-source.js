// @ts-check
// An image's source as the fields of its type; what has no field of its own is there as JSON.
import { html, useState } from '../core/ui.js';
import { Field, LinesField } from '../parts/form.js';
import { UrlSource } from './url-source.js';

/** Members by type: name, label, example. */
const members = {
  release: [['url', 'Folder of the release', 'https://…/releases/download/nixos-unstable']],
  nix: [['installable', 'Installable', 'github:owner/flake#netboot']],
  hydra: [['url', 'Hydra', 'https://hydra.nixos.org'], ['project', 'Project', 'nixos'],
    ['jobset', 'Jobset', 'unstable-small'], ['job', 'Job', 'nixos.netboot.x86_64-linux']],
  cache: [['url', 'Binary cache', 'https://cache.nixos.org'],
    ['publicKeys', 'Public keys', 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY='],
    ['storePath', 'Store path', '/nix/store/…-nixos-system']],
  directory: [['path', 'Directory on the server', '/srv/images/rescue']],
};

/** The source that is typed, or null while it is no JSON. */
function read(text) {
  try { return JSON.parse(text); } catch { return null; }
}

const shown = value => Array.isArray(value) ? value.join(' ') : value ?? '';
const apart = text => text.split(/\s+/).filter(Boolean);
const isPlain = value => typeof value !== 'object' || (Array.isArray(value) && value.every(isPlain));

/** One member; a list is written with spaces. */
function Member({ form, source, name, label, example }) {
  const [typed, setTyped] = useState(''), isList = name === 'publicKeys', stored = shown(source[name]);
  const set = text => {
    setTyped(text);
    form.set('source', JSON.stringify({ ...source, [name]: isList ? apart(text) : text }, null, 2));
  };
  // The space after which the next one comes is in no list: what was typed stays while it means what is stored.
  const value = isList && apart(typed).join(' ') === stored ? typed : stored;
  return html`<${Field} label=${label}>${aria => html`<input ...${aria} type="text" class="mono" autocomplete="off"
    spellcheck=${false} placeholder=${example} value=${value}
    onInput=${event => set(event.target.value)}/>`}<//>`;
}

export function SourceFields({ form }) {
  const source = read(form.get('source')), error = form.error('source'), isUrl = source?.type === 'url';
  const rows = (members[source?.type] ?? []).filter(([name]) => isPlain(source[name] ?? ''));
  const set = next => form.set('source', JSON.stringify(next, null, 2));
  return html`<div class=${rows.length > 1 ? 'cols' : undefined}>${rows.map(([name, label, example]) =>
    html`<${Member} key=${source.type + name} form=${form} source=${source} name=${name} label=${label}
      example=${example}/>`)}</div>
    ${isUrl && html`<${UrlSource} form=${form} source=${source} set=${set}/>`}
    ${error && !(isUrl && form.errorBelow('$.source')) && html`<p class="error" role="alert">${error}</p>`}
    <details open=${rows.length === 0 && !isUrl}><summary>All of it, as JSON</summary>
      <${LinesField} form=${{ ...form, error: () => undefined }} name="source" label="Source" hidden
        hint="{system} stands for each of the systems below."
        rows=${Math.min(10, form.get('source').split('\n').length + 1)}/></details>`;
}
