// @ts-check
// Uploading a version: files by role, a bar, and a way to stop.
import { html, useRef, useState } from '../core/ui.js';
import { upload } from '../core/api.js';
import { images } from '../core/stores.js';
import { byteProgress, bytes, duration, rate, short } from '../parts/format.js';
import { Dialog, show } from '../parts/dialog.js';
import { Field } from '../parts/form.js';
import { Refusal, toast } from '../parts/messages.js';

const roles = [['kernel', 'Kernel', 'bzImage or Image'], ['initrd', 'Initrd', 'initrd or initrd.zst'],
  ['kexec-noninteractive', 'Kexec tarball', 'optional, for nixos-anywhere'],
  ['kexec', 'Kexec tarball, interactive', 'optional'], ['iso', 'ISO', 'optional']];
const systems = ['x86_64-linux', 'aarch64-linux', 'riscv64-linux'];

/** How far it is, in bytes, and bytes a second. @typedef {{done: number, total: number, rate: number | null}} Sent */

function Upload({ image, done, close }) {
  const [system, setSystem] = useState(image.systems[0] ?? systems[0]), [files, setFiles] = useState({}),
    [args, setArgs] = useState('');
  const [sent, setSent] = useState(/** @type {Sent | null} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const stop = useRef(/** @type {AbortController | null} */ (null));
  const faults = Object.fromEntries(Object.entries(problem?.errors ?? {})
    .map(([path, texts]) => [path.split('/').at(-1), texts.join('; ')]));
  const total = Object.values(files).reduce((sum, file) => sum + (file?.size ?? 0), 0);
  const begin = async () => {
    if (!total) return setProblem({ title: 'Nothing to upload yet',
      detail: 'Choose a kernel and the initrd that was made for it.' });
    const form = new FormData();
    for (const [role, file] of Object.entries(files)) if (file) form.append(`${system}/${role}`, file, file.name);
    if (args.trim()) form.append(`${system}/kernelArguments`, args.trim().replace(/\s+/g, ' '));
    const { signal } = stop.current = new AbortController();
    /** An upload begins once the user has logged in. @type {{at: number, done: number} | null} */
    let first = null;
    setProblem(null);
    setSent({ done: 0, total, rate: null });
    try {
      const version = await upload(`images/${encodeURIComponent(image.name)}/versions`, form,
        (done, all) => {
          const at = performance.now();
          first ??= { at, done };
          setSent({ done, total: all, rate: done > first.done
            ? (done - first.done) / Math.max(.2, (at - first.at) / 1000) : null });
        }, signal);
      toast(`${image.name}@${short(version.id)} is uploaded${version.current ? ' and current' : ''}`);
      images.load();
      done();
      close(version);
    } catch (error) {
      setSent(null);
      if (error.name !== 'AbortError') setProblem(error);
    }
  };
  const cancel = () => sent ? stop.current?.abort() : close();
  const unplaced = Object.keys(problem?.errors ?? {}).some(path => !roles.some(([role]) => path.endsWith(`/${role}`))
    && !path.endsWith('/kernelArguments'));
  return html`<${Dialog} title=${`Upload a version of ${image.name}`} close=${cancel} onSubmit=${begin} footer=${html`
    <button class="btn" type="button" onClick=${cancel}>${sent ? 'Stop' : 'Cancel'}</button>
    <button class="btn main" type="submit" disabled=${sent !== null}>Upload${total > 0 && ` ${bytes(total)}`}
      </button>`}>
    <${Field} label="System">${aria =>
      html`<select ...${aria} value=${system} disabled=${sent !== null}
        onChange=${event => setSystem(event.target.value)}>${
      systems.map(name => html`<option key=${name} value=${name} selected=${name === system}>${name}</option>`)}
        </select>`}<//>
    <div class="cols">${roles.slice(0, 2)
      .map(role => html`<${File} key=${role[0]} role=${role}
        ...${{ files, setFiles, faults, busy: sent !== null }}/>`)}</div>
    <${Field} label="Kernel arguments"
      hint="As on a kernel command line, for example init=/nix/store/…/init console=ttyS0"
        error=${faults.kernelArguments}>${aria =>
      html`<input ...${aria} class="mono" spellcheck=${false} autocomplete="off" value=${args}
        disabled=${sent !== null} onInput=${event => setArgs(event.target.value)}/>`}<//>
    <details><summary>More files</summary><div class="cols">
      ${roles.slice(2).map(role =>
        html`<${File} key=${role[0]} role=${role} ...${{ files, setFiles, faults, busy: sent !== null }}/>`)}</div>
          </details>
    ${sent && html`<div data-state="running" role="status"><progress value=${sent.done} max=${sent.total}
      aria-label="Uploaded"></progress><div class="bar"><small>${
      sent.done < sent.total ? byteProgress(sent.done, sent.total) : 'Sent; the server checks and stores it.'}</small>
        <small class="push">${rate(sent.rate)}${sent.rate && sent.done < sent.total
      && `, ${duration((sent.total - sent.done) / sent.rate)} left`}</small></div></div>`}
    ${problem && (unplaced || Object.keys(faults).length === 0) && html`<${Refusal} problem=${problem}/>`}<//>`;
}

const File = ({ role: [role, label, hint], files, setFiles, faults, busy }) =>
  html`<${Field} label=${label} hint=${files[role] ? bytes(files[role].size) : hint} error=${faults[role]}>${aria =>
  html`<input ...${aria} type="file" name=${role} disabled=${busy}
    onChange=${event => setFiles({ ...files, [role]: event.target.files[0] })}/>`}<//>`;

export const openUpload = (image, done) => show(close => html`<${Upload} image=${image} done=${done} close=${close}/>`);
