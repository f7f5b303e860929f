// @ts-check
// Boots under way, as the API tells them.
import { signal } from '../core/ui.js';
import { get, serverTime } from '../core/api.js';
import { forget, note, startOver } from './boot-bytes.js';
import { on } from '../core/state.js';

/** How long what has ended stays in sight, in milliseconds. */
export const lingering = 10_000;

const readyFor = 5 * 60_000;

/** Boots under way, and those that ended a moment ago, by id. */
export const active = signal(new Map());
export const loaded = signal(false);

let wanted = false, loading = false;

export const isMoving = boot => boot.outcome === 'running' || boot.outcome === 'stalled';

/** Ready boots count for a while: their Linux is starting. */
export const isActive = boot => isMoving(boot)
  || (boot.outcome === 'ready' && serverTime() - Date.parse(boot.startedAt) < readyFor);

const changed = new Map();
let flush = 0;

/** Since when its bytes stand still, if they do. */
const stalledSince = step => {
  const last = step.stalls?.at(-1);
  return last && last.durationSeconds == null ? Date.parse(last.at) : null;
};

/** Takes a boot as the API tells it; many in a moment are one change of the page. */
export function takeBoot(boot) {
  const step = boot.steps.findLast(step => step.totalBytes && !step.durationSeconds);
  if (step && isMoving(boot))
    note(boot.id, step.name, step.bytes ?? 0, step.totalBytes, undefined, stalledSince(step));
  changed.set(boot.id, boot);
  flush ||= setTimeout(apply, loaded.peek() ? 400 : 0);
}

function apply() {
  flush = 0;
  const next = new Map(active.peek());
  for (const boot of changed.values()) {
    const known = next.get(boot.id);
    if (isActive(boot)) next.set(boot.id, boot);
    else if (known) next.set(boot.id, { ...boot, endedAt: known.endedAt ?? serverTime() });
  }
  changed.clear();
  active.value = next;
}

/** Lets go of what ended a while ago; not while the pointer rests on the list. */
export function sweep() {
  const gone = [...active.peek().values()].filter(boot => boot.endedAt ? serverTime() - boot.endedAt > lingering
    : !isActive(boot));
  if (gone.length === 0) return;
  const next = new Map(active.peek());
  for (const boot of gone) { next.delete(boot.id); forget(boot.id); }
  active.value = next;
}

async function load() {
  if (loading) return;
  loading = true;
  try {
    const lists = await Promise.all(['running', 'stalled', 'ready'].map(outcome =>
      get(`boots?outcome=${outcome}&limit=${outcome === 'ready' ? 100 : 500}`)));
    const current = lists.flatMap(list => list.items).filter(isActive);
    const ids = new Set(current.map(boot => boot.id));
    // One that is no longer among them has ended: ask how, once.
    for (const boot of active.peek().values())
      if (!ids.has(boot.id) && !boot.endedAt) get(`boots/${boot.id}`).then(takeBoot, () => {});
    for (const boot of current) takeBoot(boot);
    loaded.value = true;
  } finally {
    loading = false;
  }
}

/** Begins to follow; the first page that shows boots calls it. */
export function follow() {
  if (wanted) return;
  wanted = true;
  load().catch(() => { wanted = false; });
}

on('boot.changed', boot => { if (wanted) takeBoot(boot); });
on('boot.progress', data => { if (wanted) note(data.boot, data.step, data.bytes, data.totalBytes,
  data.bytesPerSecond); });
on('reset', startOver);
on('reset', () => { if (wanted) load().catch(() => {}); });
on('poll', () => { if (wanted) load().catch(() => {}); });
