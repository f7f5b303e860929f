// @ts-check
// The bytes of boots under way, from a stream that comes a few times a second, and how fast they were until now.
import { signal } from '../core/ui.js';
import { get, serverTime } from '../core/api.js';
import { has } from '../core/state.js';

const most = 480, mostRecalled = 20;

/** Counts up at most once a second while bytes move; what shows bytes reads it. */
export const beat = signal(0);

/** The newest bytes of each boot. */
const motion = new Map();
let timer = 0;

/** Bytes a second over so many seconds until then. @typedef {{at: number, seconds: number, rate: number}} Rate */

/** @returns {{step: string, bytes: number, totalBytes: number, rate: number | null, movedAt: number,
 *   samples: Rate[]} | undefined} */
export function motionOf(id) {
  beat.value;
  return motion.get(id);
}

/**
 * Notes how far a transfer has come.
 * @param {string} id the boot's
 * @param {string} step
 * @param {number} bytes
 * @param {number} totalBytes
 * @param {number} [told] bytes a second, when the server says them
 * @param {number | null} since when its bytes stand still, if they do
 */
export function note(id, step, bytes, totalBytes, told, since = null) {
  const at = serverTime(), known = motion.get(id);
  const before = known?.step === step ? known : null;
  const seconds = before ? (at - before.base.at) / 1000 : 0;
  // At the beginning of a transfer the server has not measured yet and says 0.
  const measured = told === undefined ? seconds >= 0.5 : told > 0 || (before?.rate ?? null) !== null;
  // Without a rate from the server it is the difference to what was seen before.
  const newest = !measured ? null : told ?? Math.max(0, bytes - before.base.bytes) / seconds;
  // Smoothed, so that what is left does not jump; a standstill shows at once.
  const rate = newest === null ? before?.rate ?? null : before?.rate && newest > 0 ? before.rate * .6 + newest * .4
    : newest;
  const sample = { at, seconds: told === undefined ? seconds : 1, rate: newest };
  motion.set(id, {
    step, bytes, totalBytes, rate,
    base: measured || !before ? { at, bytes } : before.base,
    movedAt: before && bytes === before.bytes ? Math.min(before.movedAt, since ?? at) : since ?? at,
    samples: measured ? [...thinned(known?.samples ?? []), sample] : known?.samples ?? [],
  });
  timer ||= setTimeout(() => { timer = 0; beat.value++; }, 1000);
}

/** Too many samples become half as many, each the mean of two: they reach as far back as before. */
const thinned = samples => samples.length < most ? samples : samples.filter((_, index) => index % 2)
  .map(({ at, rate }, index) => {
    const other = samples[index * 2];
    return { at, seconds: other.seconds + (at - other.at) / 1000, rate: (other.rate + rate) / 2 };
  });

/** Rates from before this page followed a boot, as the server kept them, by id. */
const past = new Map();

/** Asks once how fast a boot was until now; after a failure not before the server has been away. */
async function recall(id) {
  if (past.has(id) || !has('boots/{id}/rates')) return;
  past.set(id, []);
  for (const other of past.keys()) if (past.size > mostRecalled) past.delete(other); // the oldest first
  const answer = await get(`boots/${encodeURIComponent(id)}/rates`);
  past.set(id, answer.items.map(({ at, seconds, bytesPerSecond }) =>
    ({ at: Date.parse(at), seconds, rate: bytesPerSecond })));
  beat.value++;
}

/** How fast a boot was from its first byte until now, as far as it is known. @returns {{at: number, rate: number}[]} */
export function ratesOf(id) {
  beat.value;
  recall(id).catch(() => {});
  const here = motion.get(id)?.samples ?? [], before = past.get(id) ?? [];
  return withPauses(here.length ? [...before.filter(sample => sample.at < here[0].at), ...here] : before);
}

/** Between two rates that do not meet nothing was sent; a second more or less is no pause. @param {Rate[]} rates */
const withPauses = rates => rates.flatMap((next, index) => {
  const last = rates[index - 1], from = next.at - next.seconds * 1000;
  return last && from - last.at > 1000 ? [{ at: last.at, rate: 0 }, { at: from, rate: 0 }, next] : [next];
});

/** Lets go of what is known of a boot. */
export function forget(id) {
  motion.delete(id);
  past.delete(id);
}

/** Asks the server anew what it knows better: how fast boots were while this page did not hear it. */
export function startOver() {
  past.clear();
  for (const [id, known] of motion) motion.set(id, { ...known, samples: [] });
}
