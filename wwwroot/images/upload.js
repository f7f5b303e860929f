// @ts-check
// Uploading a version: files are dropped or chosen, what each is is guessed and shown, then they are sent.
import { html, useEffect, useRef, useState } from '../core/ui.js';
import { post, upload } from '../core/api.js';
import { has } from '../core/state.js';
import { styleSheet } from '../core/style-sheet.js';
import { images } from '../core/stores.js';
import { bytes, lines, short } from '../parts/format.js';
import { Dialog, show } from '../parts/dialog.js';
import { ArgumentEditor } from '../parts/argument-editor.js';
import { useArgumentPreview } from '../parts/argument-preview.js';
import { Note, Refusal, toast } from '../parts/messages.js';
import { DropFiles, headsOf } from './drop-files.js';
import { Sending, begun } from './upload-progress.js';
import { UploadRows } from './upload-rows.js';
import { complaintNames, faultsOf, guessed, partsOf, systems, withFiles } from './upload-model.js';

/** @typedef {import('./upload-model.js').Row} Row */

/** What the rows are sent as; arguments belong to every system that has something to start. @param {Row[]} rows */
function formOf(rows, args) {
  const form = new FormData(), parts = partsOf(rows), line = lines(args).join(' ');
  rows.forEach((row, at) => { if (parts[at]) form.append(parts[at], row.file, row.file.name); });
  const starting = rows.filter(row => ['kernel', 'efi'].includes(row.role)).map(row => row.system);
  if (line) for (const system of new Set(starting)) form.append(`${system}/kernelArguments`, line);
  return form;
}

/** The rows, what the server takes their files for, and what it misses. */
function useGuess(system, setArgs) {
  const [rows, setRows] = useState(/** @type {Row[]} */ ([])), [guess, setGuess] = useState(/** @type {any} */ (null));
  const ask = useRef(0);
  const add = async files => {
    const next = withFiles(rows, files, system), mine = ++ask.current;
    setRows(next);
    if (!has('upload-roles')) return;
    try {
      const answer = await post('upload-roles', { files: await headsOf(next.map(row => row.file)) });
      if (mine !== ask.current) return; // more were added meanwhile
      setGuess(answer);
      setRows(guessed(next, answer, system));
      if (answer.kernelArguments.length) setArgs(typed => typed || answer.kernelArguments.join('\n'));
    } catch (problem) {
      if (mine === ask.current) setGuess({ problem, missing: [] });
    }
  };
  const set = next => { ask.current++; setRows(next); setGuess(last => last && { ...last, missing: [] }); };
  return { rows, guess, add, set };
}

const Guess = ({ guess }) => guess && html`${guess.problem && html`<${Note} is="warning">What the files are could not be
    guessed: ${guess.problem.detail || guess.problem.message}<//>`}
  ${guess.title && html`<p class="muted">Recognised: ${guess.title}.</p>`}
  ${guess.missing.map(text => html`<${Note} key=${text} is="warning">${text}<//>`)}`;

function Upload({ image, done, close, first }) {
  const [args, setArgs] = useState(''), [sent, setSent] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const stop = useRef(/** @type {AbortController | null} */ (null));
  const { rows, guess, add, set } = useGuess(image.systems[0] ?? systems[0], setArgs);
  const preview = useArgumentPreview(args, {});
  useEffect(() => { if (first.length) add(first); }, []);
  const found = faultsOf(rows), busy = sent !== null, errors = problem?.errors ?? {}, names = complaintNames(rows);
  const refused = names.map(name => name && errors[name]?.join('; '));
  const others = Object.entries(errors).filter(([path]) => !names.includes(path)
    && !path.endsWith('/kernelArguments'));
  const argsFault = Object.entries(errors).find(([path]) => path.endsWith('/kernelArguments'))?.[1].join('; ');
  const total = rows.reduce((sum, row) => sum + (row.role ? row.file.size : 0), 0);
  const begin = async () => {
    if (!total) return setProblem({ title: 'Nothing to upload yet', detail: rows.length
      ? 'Say what the files are.' : 'Choose a kernel and the initrd that was made for it.' });
    if (found.at.some(Boolean) || found.all.length) return;
    const { signal } = stop.current = new AbortController();
    setProblem(null);
    try {
      const version = await upload(`images/${encodeURIComponent(image.name)}/versions`, formOf(rows, args),
        begun(total, setSent), signal);
      toast(`${image.name}@${short(version.id)} is uploaded${version.current ? ' and current' : ''}`);
      images.load();
      done();
      close(version);
    } catch (error) { // what was chosen stays
      setSent(null);
      if (error.name !== 'AbortError') setProblem(error);
    }
  };
  const cancel = () => busy ? stop.current?.abort() : close();
  const change = next => { setProblem(null); set(next); };
  return html`<${Dialog} wide title=${`Upload a version of ${image.name}`} close=${cancel} onSubmit=${begin}
    footer=${html`<button class="btn" type="button" onClick=${cancel}>${busy ? 'Stop' : 'Cancel'}</button>
    <button class="btn main" type="submit" disabled=${busy}>Upload${total > 0 && ` ${bytes(total)}`}</button>`}>
    <${DropFiles} take=${files => { setProblem(null); add(files); }} disabled=${busy}>or drop them here: a kernel and
      its initrds, an EFI program, an ISO, files that the booted system fetches.<//>
    ${rows.length > 0 && html`<${UploadRows} rows=${rows} set=${change} busy=${busy}
      faults=${rows.map((_, at) => found.at[at] || refused[at])}/>`}
    <${Guess} guess=${guess}/>
    ${found.all.map(text => html`<${Note} key=${text} is="warning">${text}<//>`)}
    <${ArgumentEditor} label="Kernel arguments" hint="One on a line, for example init=/nix/store/…/init" value=${args}
      set=${setArgs} error=${argsFault} preview=${preview} disabled=${busy} measured/>
    <${Sending} sent=${sent}/>
    ${problem && (others.length > 0 || Object.keys(errors).length === 0) && html`<${Refusal} problem=${others.length
      ? { ...problem, title: problem.title, detail: others.map(([path, texts]) => `${path}: ${texts[0]}`).join('; ') }
      : problem}/>`}<//>`;
}

/** @param {File[]} [first] those that are chosen already */
export async function openUpload(image, done, first = []) {
  await styleSheet('css/images.css');
  show(close => html`<${Upload} image=${image} done=${done} close=${close} first=${first}/>`);
}
