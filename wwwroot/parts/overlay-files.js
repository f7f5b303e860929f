// @ts-check
// The files of an overlay: typed, or dropped; secret ones are never read back.
import { html, useLayoutEffect, useRef, useState } from '../core/ui.js';
import { bytes } from './format.js';
import { Field } from './form.js';
import { mostBytes, read, sizeOf, write } from './overlay-fields.js';
import { SecretPart } from './overlay-secret.js';

/** Characters that a text may have to be edited here. */
const mostText = 100_000;

/** What a file holds, as text where it is text. @param {Blob} blob */
async function contentOf(blob) {
  const all = new Uint8Array(await blob.arrayBuffer());
  try {
    const content = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(all);
    if (!content.includes('\0')) return { content };
  } catch { /* it is no text */ }
  let binary = '';
  for (let at = 0; at < all.length; at += 32_768) binary += String.fromCharCode(...all.subarray(at, at + 32_768));
  return { contentBase64: btoa(binary) };
}

/** The same file with another content; what it was kept by goes. */
const filled = ({ path, mode, secret }, content) => ({ path, mode, ...secret ? { secret } : {}, ...content });

export function Files({ form }) {
  const all = read(form.get('files')) ?? [], [over, setOver] = useState(false);
  const set = list => form.set('files', write(list));
  const size = all.reduce((sum, file) => sum + sizeOf(file), 0);
  const take = async list => {
    const chosen = [...list];
    if (size + chosen.reduce((sum, file) => sum + file.size, 0) > mostBytes)
      return form.fault('$.files', 'An overlay has at most 4 MiB. Put large files into the image.');
    const added = await Promise.all(chosen.map(async file => ({ path: `/etc/${file.name}`, mode: '0644',
      ...await contentOf(file) })));
    set([...read(form.get('files')) ?? [], ...added]);
  };
  const drop = event => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); };
  return html`<fieldset class="rows" onDragOver=${event => { event.preventDefault(); setOver(true); }}
      onDragLeave=${() => setOver(false)} onDrop=${drop}><legend class="label">Files</legend>
    ${all.map((file, at) => html`<${File} key=${at} ...${{ form, file, at }}
      put=${next => set(all.map((other, index) => index === at ? next : other))}
      drop=${() => set(all.filter((_, index) => index !== at))}/>`)}
    ${form.error('$.files') && html`<p class="error" role="alert">${form.error('$.files')}</p>`}
    <div class=${over ? 'bar item over' : 'bar item'}><button class="btn add" type="button" onClick=${() =>
      set([...all, { path: '', mode: '0644', content: '' }])}>Add a file</button>
      <${Pick} text="Choose files…" label="Choose files to add" many take=${take}/>
      <small>or drop them here. ${size > 0 ? `${bytes(size)} of 4 MiB, without the secrets that are set already.`
        : '4 MiB in all.'}</small></div></fieldset>`;
}

function File({ form, file, at, put, drop }) {
  const path = `$.files[${at}]`, name = file.path || `file ${at + 1}`, kept = file.fingerprint !== undefined;
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => { if (!file.path) field.current?.focus(); }, []); // it was added just now
  const away = event => { event.currentTarget.closest('fieldset').querySelector('.add').focus(); drop(); };
  const before = (read(form.base.files) ?? []).find(({ path, fingerprint }) => fingerprint && path === file.path);
  const hide = event => put(event.target.checked ? { ...file, secret: true } : filled({ ...file, secret: false },
    { content: file.content, contentBase64: file.contentBase64 }));
  const take = async ([chosen]) => {
    if (!chosen) return;
    if (chosen.size > mostBytes) return form.fault(`${path}.content`, 'An overlay has at most 4 MiB.');
    put(filled(file, await contentOf(chosen)));
  };
  const fault = form.error(`${path}.content`) ?? form.error(`${path}.contentBase64`);
  return html`<div class="item rows" role="group" aria-label=${name}>
    <div class="cols files"><${Field} label="Path" error=${form.error(`${path}.path`)}>${aria => html`<input ...${aria}
        ref=${field} class="mono" autocomplete="off" spellcheck=${false} placeholder="/etc/motd" readonly=${kept}
        value=${file.path} onInput=${event => put({ ...file, path: event.target.value })}/>`}<//>
      <${Field} label="Mode" error=${form.error(`${path}.mode`)}>${aria => html`<input ...${aria} class="mono"
        autocomplete="off" value=${file.mode} onInput=${event => put({ ...file, mode: event.target.value })}/>`}<//>
      <label class="check"><input type="checkbox" checked=${file.secret ?? false} disabled=${kept} onChange=${hide}/>
        Secret</label></div>
    ${kept ? html`<${SecretPart} name=${name} value=${{ secret: true, fingerprint: file.fingerprint,
      setAt: file.setAt }} set=${() => put(filled(file, { content: '' }))} drop=${away}/>`
    : html`<${Content} ...${{ file, put, name, fault }}/>
      <div class="bar"><${Pick} text="From a file…" label=${`Content of ${name} from a file`} take=${take}/>
        ${before && html`<button class="btn" type="button" onClick=${() => put(before)}>Keep the one that is set
          </button>`}
        <button class="btn" type="button" aria-label=${`Remove ${name}`} onClick=${away}>Remove</button></div>`}
    ${file.secret && !kept && html`<small>Once it is saved it is not shown again.</small>`}</div>`;
}

const Content = ({ file, put, name, fault }) => file.contentBase64 !== undefined
  || (file.content?.length ?? 0) > mostText
  ? html`<p>${file.contentBase64 !== undefined ? 'Binary' : 'Text'}, ${bytes(sizeOf(file))}</p>
    ${fault && html`<p class="error" role="alert">${fault}</p>`}`
  : html`<${Field} label=${`Content of ${name}`} hidden error=${fault}>${aria => html`<textarea ...${aria} rows="3"
      spellcheck=${false} value=${file.content ?? ''}
      onInput=${event => put(filled(file, { content: event.target.value }))}></textarea>`}<//>`;

/** A button that asks for files. */
const Pick = ({ text, label, take, many = false }) => html`<label class="btn pick">${text}<input class="vh" type="file"
  aria-label=${label} multiple=${many} onChange=${event => { take(event.target.files); event.target.value = ''; }}/>
  </label>`;
