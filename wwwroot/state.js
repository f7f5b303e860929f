// What the pages know: one stream of events, the clock, and whether the server is there.
import { batch, computed, signal } from './ui.js';
import { address, answers, get, operations, serverTime, wire } from './api.js';

/** The server's time, once a second while somebody looks. */
export const now = signal(serverTime());

/** connecting, live, polling (a server without events) or away. */
export const link = signal('connecting');

/** Whether the server does not answer. */
export const away = computed(() => link.value === 'away');

/** When the server last said anything. */
export const heardAt = signal(serverTime());

/** When it is asked next, while it is away. */
export const nextTry = signal(0);

/** Paths of the API; pages whose paths are missing are not shown. */
export const paths = signal(/** @type {Set<string> | null} */ (null));

/** Whether the server has this path of the API. */
export const has = path => paths.value?.has(path) ?? false;

const listeners = new Map();
const types = ['machine.changed', 'profile.changed', 'image.changed', 'boot.changed', 'job.changed',
  'boot.progress', 'job.progress', 'alarm'];

/**
 * Hears events of a type, and 'reset' when everything must be loaded again; some, as 'token.changed', only this page
 * tells itself. @returns how to stop
 */
export function on(type, hear) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(hear);
  return () => listeners.get(type).delete(hear);
}

export function tell(type, data) {
  for (const hear of [...listeners.get(type) ?? []]) hear(data);
}

let source = null, streams = false, retry = 0, pause = 2000;

/** @returns {Promise<void>} ends when the line is open */
function listen() {
  source?.close();
  source = new EventSource(address('events'));
  const opened = new Promise(done => { source.onopen = () => { arrived(); done(); }; });
  // A broken line the browser mends by itself, resuming where it was; after a refusal it does not.
  source.onerror = lost;
  for (const type of types) source.addEventListener(type, event => hear(type, event));
  source.addEventListener('reset', () => { heard(); tell('reset'); });
  return opened;
}

function hear(type, event) {
  heard();
  batch(() => tell(type, JSON.parse(event.data)));
}

function heard() {
  if (serverTime() - heardAt.peek() > 900) heardAt.value = serverTime();
}

function arrived() {
  const before = link.peek();
  clearTimeout(retry);
  pause = 2000;
  heardAt.value = serverTime();
  link.value = streams ? 'live' : 'polling';
  if (before === 'away') tell('reset');
}

/** The line is gone: look whether the server is, and go on trying. */
async function lost() {
  clearTimeout(retry);
  if (!await answers()) {
    link.value = 'away';
    nextTry.value = serverTime() + pause;
    retry = setTimeout(lost, pause);
    pause = Math.min(pause * 1.5, 10_000);
    return;
  }
  if (link.peek() === 'away') arrived();
  if (source?.readyState !== EventSource.CLOSED) return;
  await get('session').catch(() => {}); // whose session has ended logs in first
  retry = setTimeout(listen, 1000);
}

wire.away = () => { if (link.peek() !== 'away') lost(); };
wire.back = () => { heard(); if (link.peek() === 'away') lost(); };

export const tryNow = () => lost();

/** How long pages wait for the line, in milliseconds: one that holds events back must not hold them up. */
const patience = 1000;

/**
 * Begins once somebody is logged in. The line is open before pages load what they show: of what changes in between
 * nobody would tell them.
 */
export async function start() {
  const known = new Set(await operations());
  now.value = serverTime(); // the first answers say it
  streams = known.has('events');
  if (streams) await Promise.race([listen(), new Promise(done => setTimeout(done, patience))]);
  paths.value = known;
  if (streams) return;
  link.value = 'polling';
  setInterval(() => { if (!document.hidden && link.peek() === 'polling') tell('poll'); }, 2000);
}

setInterval(() => { if (!document.hidden) now.value = serverTime(); }, 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden) now.value = serverTime(); });
