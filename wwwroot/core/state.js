// @ts-check
// What the pages know: what the line tells, the clock, and whether the server is there.
import { batch, computed, signal } from './ui.js';
import { get, operations, serverTime, wire } from './api.js';
import { joinLine } from './events.js';

/** The server's time, once a second while somebody looks. */
export const now = signal(serverTime());

/** connecting, live, polling (a server whose events do not come) or away. */
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

let line = null, gap = false, opened = () => {}, polls = 0;

/** What the line says. @param {import('./events.js').News} news */
function hear({ state, wait = 0, ago = 0, type, data, reset, gap: missed }) {
  if (!state) heard();
  if (missed) gap = true;
  if (type) batch(() => tell(type, JSON.parse(data ?? 'null')));
  if (reset) { gap = false; tell('reset'); }
  if (state === 'ended') ended();
  else if (state) become(state, wait, ago);
}

function become(state, wait, ago) {
  if (state === 'live') heardAt.value = Math.max(heardAt.peek(), serverTime() - ago);
  nextTry.value = serverTime() + wait;
  link.value = state;
  if (state !== 'live') return;
  opened();
  if (gap) { gap = false; tell('reset'); }
}

function heard() {
  if (serverTime() - heardAt.peek() > 900) heardAt.value = serverTime();
}

/** The server does not know the session any more: who looks at this tab logs in, then all is loaded anew. */
async function ended() {
  link.value = 'connecting';
  const mine = line, there = await get('session').then(() => true, () => false);
  if (there && line === mine) line?.join(); // a new session has opened it already
}

wire.away = () => line?.check();
wire.back = () => { heard(); if (link.peek() === 'away') line?.check(); };

export const tryNow = () => line?.check();

/** How long pages wait for the line, in milliseconds: one that holds events back must not hold them up. */
const patience = 1000;

/**
 * Begins once a user is logged in. The line is open before pages load what they show: they would miss what changes in
 * between. Another session begins anew.
 * @param {string} session its id
 * @returns how to end it
 */
export function start(session) {
  let left = false, retry = 0;
  const begin = async () => {
    const known = new Set(await operations());
    if (left) return;
    now.value = serverTime(); // the first answers say it
    if (known.has('events')) {
      gap = paths.peek() !== null;
      const open = new Promise((/** @type {(value?: any) => void} */ done) => { opened = done; });
      line = joinLine(session, hear);
      await Promise.race([open, new Promise(done => setTimeout(done, patience))]);
      if (link.peek() !== 'live') gap = true;
    } else link.value = 'polling';
    if (!left) paths.value = known;
  };
  const tryToBegin = () => begin().catch(() => { if (!left) retry = setTimeout(tryToBegin, 2000); });
  tryToBegin();
  return () => {
    left = true;
    clearTimeout(retry);
    line?.leave();
    line = null;
    link.value = 'connecting';
  };
}

setInterval(() => { if (!document.hidden && link.peek() === 'polling' && polls++ % 2) tell('poll'); }, 1000);
setInterval(() => { if (!document.hidden) now.value = serverTime(); }, 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden) now.value = serverTime(); });
