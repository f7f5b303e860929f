// @ts-check
// What can be done to all chosen machines at once.
import { html } from '../core/ui.js';
import { drop } from './machine-acts.js';
import { count } from '../parts/format.js';
import { openAssign, openLabel, openNext } from './bulk-dialogs.js';
import { openApproveAll } from './machine-dialogs.js';

export function Bulk({ list, clear }) {
  const discovered = list.filter(machine => machine.state === 'discovered'),
    registered = list.filter(machine => machine.state !== 'discovered');
  const some = act => async () => { if (await act()) clear(); };
  return html`<div class="bulk bar" role="toolbar" aria-label=${`${list.length} selected`}><b role="status">
    ${list.length ? `${count(list.length)} selected` : 'Tap machines to select them'}</b>
    ${list.length > 0 && html`<span class="bar acts">
      ${discovered.length > 0 && html`<button class="btn" type="button"
        onClick=${some(() => openApproveAll(discovered))}>Approve ${count(discovered.length)}…</button>`}
      ${registered.length > 0 && html`<button class="btn" type="button"
        onClick=${() => openAssign(registered)}>Assign profile…</button>
        <button class="btn" type="button" onClick=${() => openLabel(registered)}>Label…</button>
        <button class="btn" type="button" onClick=${() => openNext(registered)}>Next boot…</button>`}
      <button class="btn" type="button" onClick=${some(() => drop(list))}>Delete…</button></span>`}
    <button class="btn plain push" type="button" onClick=${clear}>${list.length ? 'Clear' : 'Cancel'} <kbd>Esc</kbd>
      </button></div>`;
}
