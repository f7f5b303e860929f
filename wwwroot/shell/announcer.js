// @ts-check
// Tells people who do not see the page what happens to boots; never bytes.
import { html, signal, useEffect } from '../core/ui.js';
import { serverTime } from '../core/api.js';
import { on } from '../core/state.js';
import { standing } from '../parts/boot-phases.js';

const said = signal('');
const told = new Map();

const worth = ['stalled', 'failed', 'up', 'ready'];

/** One polite voice for the whole page. */
export function Announcer() {
  useEffect(() => on('boot.changed', boot => {
    if (told.get(boot.id) === boot.outcome) return;
    told.set(boot.id, boot.outcome);
    if (told.size > 2000) told.delete(told.keys().next().value);
    if (worth.includes(boot.outcome)) said.value = `${boot.machine
      ?? 'A machine'} ${standing(boot, undefined, serverTime()).word}`;
  }), []);
  return html`<div class="vh" role="status" aria-live="polite">${said.value}</div>`;
}
