// @ts-check
// What a boot's steps amount to: six phases, the one it is in, and words for where it stands. Pure.
import { byteProgress, bytes, duration, percent } from './format.js';

export const names = ['script', 'kernel', 'initrd', 'overlay', 'ready', 'up'];

const kexecNames = ['script', 'bundle', 'ready', 'up'];

/** Of a boot by kexec they are others. */
const namesOf = boot => boot.steps.some(step => step.name === 'bundle') ? kexecNames : names;

/**
 * @typedef {{name: string, state: 'done' | 'now' | 'wait' | 'bad' | 'todo', step?: any, value?: number,
 *   max?: number}} Phase
 * @param {any} boot as the API tells it
 * @param {{step: string, bytes: number, totalBytes: number}} [motion] newer bytes of the step under way
 * @returns {Phase[]}
 */
export function phases(boot, motion) {
  const steps = new Map(boot.steps.map(step => [step.name, step])), names = namesOf(boot);
  const reached = Math.max(...names.map((name, at) => steps.has(name) ? at : 0));
  const failure = failureOf(boot);
  const broken = failure ? names.indexOf(failure.step === 'boot' ? 'ready' : failure.step) : -1;
  return names.map((name, at) => {
    const step = steps.get(name);
    if (boot.outcome === 'failed' && at === broken) return { name, state: 'bad', step };
    if (boot.outcome === 'failed' && broken >= 0 && at > broken) return { name, state: 'todo' };
    if (at < reached || boot.outcome === 'up') return { name, state: 'done', step };
    if (boot.outcome === 'ready' && name === 'up') return { name, state: 'wait' };
    if (!step) return { name, state: 'todo' };
    const moving = motion?.step === name && !step.durationSeconds ? motion : null; // what has ended is known exactly
    const value = moving?.bytes ?? step.bytes ?? 0, max = moving?.totalBytes ?? step.totalBytes;
    if (!max || value >= max || (step.durationSeconds && !isMoving(boot))) return { name, state: 'done', step };
    return { name, state: 'now', step, value, max };
  });
}

export const isMoving = boot => boot.outcome === 'running' || boot.outcome === 'stalled';

/** {step, errno, reason} of a boot that failed. @param {any} boot */
export const failureOf = boot =>
  boot.outcome === 'failed' ? boot.steps.find(step => step.name === 'failed')?.detail ?? {} : null;

/** The phase it is in. @param {Phase[]} all */
export const current = all => all.find(phase => phase.state === 'now' || phase.state === 'bad')
  ?? all.findLast(phase => phase.state === 'done') ?? all[0];

/**
 * Where it stands, in words.
 * @param {any} boot @param {any} motion @param {number} now in milliseconds
 * @returns {{is: string, word: string, sub: string}}
 */
export function standing(boot, motion, now) {
  const at = current(phases(boot, motion));
  const pair = at.max ? byteProgress(at.value ?? 0, at.max) : '';
  switch (boot.outcome) {
    case 'stalled': return { is: 'stalled', word: `stalled at ${at.name}`,
      sub: [boot.reason ?? silence(boot, motion, now), pair].filter(Boolean).join(', ') };
    case 'running': return { is: 'running', word: at.state === 'now' ? at.name : at.name === 'script' ? 'script'
      : `${at.name} sent`,
      sub: at.state !== 'now' ? at.step?.bytes ? `${bytes(at.step.bytes)}, ${ago(heardOf(boot), now)}`
        : `sent ${ago(heardOf(boot), now)}`
        : at.step.durationSeconds ? `${pair}, broke off ${ago(endOf(at.step), now)}`
        : motion?.rate ? `${pair}, ${duration(((at.max ?? 0) - (at.value ?? 0)) / motion.rate)} left` : pair };
    case 'ready': return { is: 'ready', word: 'ready',
      sub: fetched(boot, motion) ?? `reported ${ago(stepAt(boot, 'ready'), now)}` };
    case 'up': return { is: 'up', word: 'up', sub: boot.up?.addresses?.[0] ?? `after ${duration(took(boot, 'up'))}` };
    case 'failed': return { is: 'failed', word: `failed at ${failureOf(boot).step ?? 'an unknown step'}`,
      sub: reason(boot) };
    default: return { is: 'unknown', word: 'unknown', sub: boot.reason ?? `nothing heard after ${at.name}` };
  }
}

/** How much of the image's further files the booted system has fetched; null when it asked for none. */
export function fetched(boot, motion) {
  const step = boot.steps.find(step => step.name === 'files'), moving = motion?.step === 'files' ? motion : step;
  return step ? `files ${byteProgress(moving.bytes ?? 0, moving.totalBytes ?? moving.bytes ?? 0)}` : null;
}

const ago = (at, now) => `${duration(Math.max(0, (now - at) / 1000))} ago`;

/** When a transfer ended. */
const endOf = step => Date.parse(step.at) + (step.durationSeconds ?? 0) * 1000;

/** The last sign of life that its steps tell of. @param {any} boot */
const heardOf = boot => Math.max(...boot.steps.map(step =>
  Math.max(endOf(step), step.lastAt ? Date.parse(step.lastAt) : 0)));

/** How long nothing has come from the machine. @param {any} boot @param {any} motion @param {number} now */
export function silence(boot, motion, now) {
  const since = boot.silentSince ? Date.parse(boot.silentSince) : motion?.movedAt;
  return since ? `nothing for ${duration((now - since) / 1000)}` : 'nothing comes';
}

/** As short as a cell of a list. @param {any} boot @param {any} motion @param {number} now */
export function briefly(boot, motion, now) {
  const at = current(phases(boot, motion));
  if (boot.outcome === 'stalled') return `${at.name}, ${silence(boot, motion, now)}`;
  if (boot.outcome !== 'running') return standing(boot, motion, now).sub;
  if (at.state !== 'now') return at.name === 'script' ? 'script sent' : `${at.name} sent`;
  if (at.step.durationSeconds) return `${at.name} broke off`;
  return [`${at.name} ${percent(at.value ?? 0, at.max ?? 0)}`,
    motion?.rate && `${duration(((at.max ?? 0) - (at.value ?? 0)) / motion.rate)} left`].filter(Boolean).join(', ');
}

/** Bytes a second of what it loads now; null when it loads nothing. @param {any} boot @param {any} motion */
export function speed(boot, motion) {
  if (boot.outcome === 'stalled') return 0;
  const at = current(phases(boot, motion));
  return boot.outcome === 'running' && at.state === 'now' && !at.step.durationSeconds ? motion?.rate ?? null : null;
}

/** Why it failed. @param {any} boot */
export function reason(boot) {
  const failure = failureOf(boot);
  return failure?.reason ?? (failure?.errno ? `iPXE error ${failure.errno}` : boot.reason
    ?? 'the machine did not say why');
}

const stepAt = (boot, name) => Date.parse(boot.steps.find(step => step.name === name)?.at ?? boot.startedAt);

/** Seconds from the script to a step; null when it was not reached. @param {any} boot @param {string} name */
export const took = (boot, name) => boot.steps.some(step => step.name === name)
  ? (stepAt(boot, name) - Date.parse(boot.startedAt)) / 1000 : null;

/** Times without a byte: how many, and how many seconds in all. @param {any[]} steps @param {number} now */
export function stalls(steps, now) {
  const all = steps.flatMap(step => step.stalls ?? []);
  return { count: all.length, open: all.some(stall => stall.durationSeconds == null),
    seconds: all.reduce((sum, stall) => sum + (stall.durationSeconds ?? (now - Date.parse(stall.at)) / 1000), 0) };
}

/** Bytes a second over all its transfers. @param {any} boot */
export function average(boot) {
  const files = boot.steps.filter(step => step.bytes && step.durationSeconds);
  const seconds = files.reduce((sum, step) => sum + step.durationSeconds, 0);
  return seconds > 0 ? files.reduce((sum, step) => sum + step.bytes, 0) / seconds : null;
}

/** What a machine is doing. @param {any} machine @returns {{is: string, word: string}} */
export function machineState(machine) {
  if (machine.state === 'discovered') return { is: 'discovered', word: 'discovered' };
  const outcome = machine.lastBoot?.outcome;
  return outcome ? { is: outcome, word: outcome } : { is: 'queued', word: machine.lastSeenAt ? 'seen, not booted'
    : 'never seen' };
}

/** For lists: what needs a look first. */
export const urgency = ['discovered', 'stalled', 'failed', 'running', 'unknown', 'ready', 'up', 'queued'];
