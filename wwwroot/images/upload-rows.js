// @ts-check
// The files of an upload in a table: what each is taken for, which can be changed, in the order of loading.
import { html, useLayoutEffect, useRef } from '../core/ui.js';
import { bytes } from '../parts/format.js';
import { fileName, moved, roles, systems } from './upload-model.js';

const Choice = ({ label, value, options, choose, disabled, name, fault }) => html`<select aria-label=${label}
  name=${name} value=${value} disabled=${disabled} aria-invalid=${fault ? 'true' : undefined}
  onChange=${event => choose(event.target.value)}>${options.map(([key, text]) =>
    html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}</select>`;

function Row({ row, at, rows, set, fault, busy, refocus }) {
  const { file } = row, last = rows.length - 1;
  const put = change => set(rows.map((other, index) => index === at ? { ...other, ...change } : other));
  const move = (by, control) => {
    if (at + by < 0 || at + by > last) return;
    set(moved(rows, at, at + by));
    refocus(at + by, control);
  };
  const drop = () => {
    set(rows.filter((_, index) => index !== at));
    refocus(Math.min(at, last - 1), 'drop');
  };
  return html`<tr data-at=${at} class=${row.role ? undefined : 'left-out'}><th scope="row"><span class="breakable">
      ${file.name}</span><span class="sub">${bytes(file.size)}${row.why && ` · ${row.why}`}</span>
      ${fault && html`<p class="error">${fault}</p>`}</th>
    <td><${Choice} label=${`What ${file.name} is`} name="role" value=${row.role} options=${roles} disabled=${busy}
        fault=${fault} choose=${role => put({ role, why: '', name: row.name || fileName(file.name) })}/>
      ${row.role === 'files' && html`<input class="mono" aria-label=${`Name under which ${file.name} is served`}
        value=${row.name} disabled=${busy} autocomplete="off" spellcheck=${false} aria-invalid=${fault ? 'true'
          : undefined} onInput=${event => put({ name: event.target.value })}/>`}</td>
    <td><${Choice} label=${`System of ${file.name}`} name="system" value=${row.system} disabled=${busy}
      options=${systems.map(name => [name, name])} choose=${system => put({ system })}/></td>
    <td class="num"><button class="btn icon" type="button" name="up" aria-label=${`Move ${file.name} up`}
        aria-disabled=${busy || at === 0} onClick=${() => !busy && move(-1, 'up')}>↑</button>
      <button class="btn icon" type="button" name="down" aria-label=${`Move ${file.name} down`}
        aria-disabled=${busy || at === last} onClick=${() => !busy && move(1, 'down')}>↓</button>
      <button class="btn icon" type="button" name="drop" aria-label=${`Remove ${file.name}`} aria-disabled=${busy}
        onClick=${() => !busy && drop()}>✕</button></td></tr>`;
}

/**
 * @param {{rows: import('./upload-model.js').Row[], set: (rows: any[]) => void, faults: string[], busy: boolean}} props
 *   faults: by the row, '' for none
 */
export function UploadRows({ rows, set, faults, busy }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null)), wanted = useRef('');
  useLayoutEffect(() => { // the focus goes with a row that moves
    const next = wanted.current && body.current?.querySelector(wanted.current);
    if (next instanceof HTMLElement) next.focus();
    wanted.current = '';
  });
  const refocus = (at, control) => { wanted.current = `[data-at="${at}"] [name="${control}"]`; };
  return html`<table class="picked"><thead><tr><th scope="col">file</th><th scope="col">is the</th>
      <th scope="col">for</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
    <tbody ref=${body}>${rows.map((row, at) => html`<${Row} key=${row.file.name} fault=${faults[at]}
      ...${{ row, at, rows, set, busy, refocus }}/>`)}</tbody></table>`;
}
