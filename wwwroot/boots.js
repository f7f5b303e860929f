// Boots under way: their steps from the API, their bytes from a stream that comes a few times a second.
import { signal } from './ui.js';
import { get } from './api.js';
import { has, on } from './state.js';

const lingering = 10_000, readyFor = 5 * 60_000, most = 480;

/** Boots under way, and those that ended a moment ago, by id. */
export const active = signal(new Map());
export const loaded = signal(false);

/** Counts up at most once a second while bytes move; what shows bytes reads it. */
export const beat = signal(0);

/** The newest bytes of each boot. */
const motion = new Map();
let wanted = false, timer = 0, loading = false;

/** @returns {{step: string, bytes: number, totalBytes: number, rate: number | null, movedAt: number,
 *   samples: {at: number, rate: number}[]} | undefined} */
export function motionOf(id) {
  beat.value;
  return motion.get(id);
}

export const isMoving = boot => boot.outcome === 'running' || boot.outcome === 'stalled';

/** Ready boots count for a while: their Linux is starting. */
export const isActive = boot => isMoving(boot)
  || (boot.outcome === 'ready' && Date.now() - Date.parse(boot.startedAt) < readyFor);

function note(id, step, bytes, totalBytes, told, since = null) {
  const at = Date.now(), known = motion.get(id);
  const before = known?.step === step ? known : null;
  const seconds = before ? (at - before.base.at) / 1000 : 0;
  const measured = told !== undefined || seconds >= 0.5;
  // Without a rate from the server it is the difference to what was seen before.
  const newest = told ?? (measured ? Math.max(0, bytes - before.base.bytes) / seconds : null);
  // Smoothed, so that what is left does not jump; a standstill shows at once.
  const rate = newest === null ? before?.rate ?? null : before?.rate && newest > 0 ? before.rate * .6 + newest * .4
    : newest;
  motion.set(id, {
    step, bytes, totalBytes, rate,
    base: measured || !before ? { at, bytes } : before.base,
    movedAt: before && bytes === before.bytes ? before.movedAt : since ?? at,
    samples: measured ? [...thinned(known?.samples ?? []), { at, rate: newest }] : known?.samples ?? [],
  });
  timer ||= setTimeout(() => { timer = 0; beat.value++; }, 1000);
}

/** Too many samples become half as many, each the mean of two: they reach as far back as before. */
const thinned = samples => samples.length < most ? samples : samples.filter((_, index) => index % 2)
  .map((sample, index) => ({ at: sample.at, rate: (samples[index * 2].rate + sample.rate) / 2 }));

/** Rates from before this page followed a boot, as the server kept them, by id. */
const past = new Map();

/** Asks once how fast a boot was until now; after a failure not before the server has been away. */
async function recall(id) {
  if (past.has(id) || !has('boots/{id}/rates')) return;
  past.set(id, []);
  const answer = await get(`boots/${encodeURIComponent(id)}/rates`);
  past.set(id, answer.items.map(sample => ({ at: Date.parse(sample.at), rate: sample.bytesPerSecond })));
  beat.value++;
}

/** How fast a boot was from its first byte until now, as far as it is known. @returns {{at: number, rate: number}[]} */
export function ratesOf(id) {
  beat.value;
  recall(id).catch(() => {});
  const here = motion.get(id)?.samples ?? [], before = past.get(id) ?? [];
  return here.length ? [...before.filter(sample => sample.at < here[0].at), ...here] : before;
}

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
    else if (known) next.set(boot.id, { ...boot, endedAt: known.endedAt ?? Date.now() });
  }
  changed.clear();
  active.value = next;
}

/** Lets go of what ended a while ago; not while the pointer rests on the list. */
export function sweep() {
  const gone = [...active.peek().values()].filter(boot => boot.endedAt ? Date.now() - boot.endedAt > lingering
    : !isActive(boot));
  if (gone.length === 0) return;
  const next = new Map(active.peek());
  for (const boot of gone) { next.delete(boot.id); motion.delete(boot.id); past.delete(boot.id); }
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
on('reset', () => { // what was missed meanwhile the server knows
  past.clear();
  for (const [id, known] of motion) motion.set(id, { ...known, samples: [] });
});
on('reset', () => { if (wanted) load().catch(() => {}); });
on('poll', () => { if (wanted) load().catch(() => {}); });
