// @ts-check
// Boots in progress: stalled ones first, then by how far they are.
import { html, useEffect, useRef } from '../core/ui.js';
import { active, follow, isMoving, lingering, loaded, sweep } from './boots-under-way.js';
import { beat, motionOf } from './boot-bytes.js';
import { now } from '../core/state.js';
import { link } from '../core/router.js';
import { plural, rate } from './format.js';
import { phases, speed } from './boot-phases.js';
import { BootRow, BootsHead } from './boot-track.js';
import { Empty, Ghost } from './messages.js';

const order = { stalled: 0, running: 1, ready: 2, up: 3, failed: 3, unknown: 3 };

/** How far a boot is, for the order of the list; in coarse steps, so that rows do not dance. */
function progress(boot) {
  const all = phases(boot, motionOf(boot.id)), at = all.findIndex(phase => phase.state !== 'done');
  return (at < 0 ? all.length : at) * 10 + Math.floor((all[at]?.value ?? 0) / (all[at]?.max ?? 1) * 4);
}

/** @param {{most?: number, outcome?: string}} props outcome: only those, on the page of all boots */
export function BootsNow({ most = 12, outcome }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(follow, []);
  const tick = now.value, seen = useRef(new Map());
  useEffect(() => { if (!list.current?.matches(':hover')) sweep(); }, [tick]);
  beat.value;
  const boots = [...active.value.values()].filter(boot => {
    if (!outcome) return true;
    if (boot.outcome === outcome) seen.current.set(boot.id, tick);
    return tick - seen.current.get(boot.id) < lingering; // how it goes on is seen for a while
  }), moving = boots.filter(isMoving);
  const sum = moving.reduce((total, boot) => total + (speed(boot, motionOf(boot.id)) ?? 0), 0);
  const shown = boots.map(boot => [boot, progress(boot)])
    .sort(([left, a], [right, b]) => order[left.outcome] - order[right.outcome] || b - a
      || (left.id < right.id ? -1 : 1))
    .slice(0, most).map(([boot]) => boot);
  return html`<section class="panel" aria-labelledby="h-boots">
    <header><h2 id="h-boots">Boots in progress</h2>
      <small>${boots.length ? `${moving.length} now${sum ? `, ${rate(sum)} in all` : ''}` : ''}</small>
      ${!outcome && html`<a class="push" href=${link('boots')}>All boots</a>`}</header>
    ${shown.length > 0 ? html`<${BootsHead}/><ul class="boots" ref=${list}>
      ${shown.map(boot => html`<${BootRow} key=${boot.id} boot=${boot}/>`)}</ul>
      ${boots.length > most && html`<p class="foot"><a href=${link('boots', null, { outcome: 'running' })}>and ${
        plural(boots.length - most, 'more boot')}</a></p>`}`
      : loaded.value ? html`<${Empty}
        title=${outcome ? `No boot is ${outcome}` : 'No machine is booting'}>
          ${outcome === 'stalled' ? 'A boot whose bytes stand still appears here by itself.'
            : 'Switch one on, or set a next boot on its page; it appears here by itself.'}<//>`
        : html`<${Ghost}/>`}</section>`;
}
