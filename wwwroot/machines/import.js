// @ts-check
// Importing machines: what would change is shown first, then all of it happens or none.
import { html, useState } from '../core/ui.js';
import { post } from '../core/api.js';
import { machines } from '../core/stores.js';
import { count, plain, plural } from '../parts/format.js';
import { State } from '../parts/basics.js';
import { Dialog } from '../parts/dialog.js';
import { Refusal, toast } from '../parts/messages.js';

const types = { csv: 'text/csv', json: 'application/json', yaml: 'application/yaml', yml: 'application/yaml' };
const states = { created: 'up', changed: 'running', unchanged: 'cancelled' };
const most = 200;

/** Milliseconds: a hundred thousand machines take a while. */
const patience = 600_000;

/** The media type by the file's name, else by how the text begins. */
export function typeOf(name, text) {
  const known = types[name.split('.').at(-1).toLowerCase()];
  if (known) return known;
  const start = text.trimStart();
  return start.startsWith('[') || start.startsWith('{') ? types.json : start.startsWith('-') ? types.yaml : types.csv;
}

const Row = ({ row }) => html`<tr><td class="num muted">${row.line}</td><th scope="row">
  <span class="cut" dir="auto" title=${row.name}>${row.name}</span></th>
  <td><${State} is=${states[row.action]}>${row.action}<//>
    ${row.changes && html`<span class="sub s-only">${Object.keys(row.changes).join(', ')}</span>`}
    ${row.takesOver?.length > 0 && html`<span class="sub">takes over ${row.takesOver.join(', ')}</span>`}</td>
  <td class="s-hide diff">${Object.entries(row.changes ?? {}).map(([name, { before, after }]) =>
    html`<div key=${name}><small>${name}</small>
    ${before != null && html`<del>${plain(before)}</del>`}<ins>${plain(after)}</ins></div>`)}</td></tr>`;

function Preview({ report }) {
  const rows = report.rows.filter(row => row.action !== 'unchanged');
  return html`<p role="status"><b>${count(report.created)}</b> new, <b>${count(report.changed)}
    </b> changed, ${count(report.unchanged)} unchanged.</p>
    ${rows.length > 0 && html`<div class="scroll tall"><table><thead><tr><th scope="col" class="num">line</th>
      <th scope="col">machine</th><th scope="col">what</th>
      <th scope="col" class="s-hide">changes</th></tr></thead><tbody>
        ${rows.slice(0, most).map(row => html`<${Row} key=${row.line} row=${row}/>`)}</tbody></table></div>`}
    ${rows.length > most && html`<small>and ${count(rows.length - most)} more</small>`}`;
}

/** "macs must be …": a person's columns instead of JSON paths. */
const said = text => text.replace(/^\$\.(\w+)\S*/, '$1');

const Faults = ({ errors }) => html`<div role="alert"><p class="error">
  ${plural(Object.keys(errors).length, 'line')} cannot be taken; nothing was changed.</p>
  <ul class="short scroll tall">
    ${Object.entries(errors).slice(0, most)
      .map(([line, texts]) => html`<li key=${line}><b>${line}</b> ${texts.map(said).join('; ')}</li>`)}</ul></div>`;

/** What an import would do, or did. @typedef {{created: number, changed: number, unchanged: number}} Report */

export function Import({ close }) {
  const [file, setFile] = useState(/** @type {File | null} */ (null)), [text, setText] = useState('');
  const [report, setReport] = useState(/** @type {Report | null} */ (null));
  const [problem, setProblem] = useState(/** @type {import('../core/problem.js').Problem | null} */ (null));
  const [busy, setBusy] = useState(false);
  const run = async (body, name, dryRun) => {
    setBusy(true);
    setProblem(null);
    const path = `machines/import${dryRun ? '?dryRun=true' : ''}`;
    try { return await post(path, body, { type: typeOf(name, body), patience }); }
    catch (error) { setProblem(error); setReport(null); return null; } finally { setBusy(false); }
  };
  const look = async (body, name) => { setText(body); setReport(body.trim() ? await run(body, name, true) : null); };
  const choose = async event => {
    const chosen = event.target.files[0];
    setFile(chosen);
    if (chosen) look(await chosen.text(), chosen.name);
  };
  const act = async () => {
    if (!report) return look(text, file?.name ?? '');
    const done = await run(text, file?.name ?? '', false);
    if (!done) return;
    machines.load();
    close();
    toast(`Imported: ${count(done.created)} new, `
      + `${count(done.changed)} changed, ${count(done.unchanged)} as they were`);
  };
  const work = report ? report.created + report.changed : 0, byLine = Object.keys(problem?.errors ?? {})
    .some(key => key.startsWith('line '));
  return html`<${Dialog} wide title="Import machines" close=${close} onSubmit=${act} footer=${html`
    <button class="btn" type="button" onClick=${() => close()}>Cancel</button>
    <button class="btn main" type="submit" disabled=${busy || (report ? work === 0 : !text.trim())} aria-busy=${busy}>
      ${report
      ? work === 0 ? 'Nothing to import' : `Import ${plural(work, 'machine')}` : 'Preview'}</button>`}>
    <div class="field"><label for="import-file">File: CSV, JSON or YAML</label>
      <input id="import-file" type="file" accept=".csv,.json,.yaml,.yml,text/csv" onChange=${choose}/></div>
    <div class="field"><label for="import-text">or its text</label>
      <textarea id="import-text" rows="4" spellcheck=${false} placeholder="name,macs,profile,labels"
      value=${text} onInput=${event => { setText(event.target.value); setReport(null); setProblem(null); }}>
        </textarea></div>
    ${report && html`<${Preview} report=${report}/>`}
    ${problem && (byLine ? html`<${Faults} errors=${problem.errors}/>` : html`<${Refusal} problem=${problem}/>`)}<//>`;
}
