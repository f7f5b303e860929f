// @ts-check
// The line to the server: the stream of events, a watch on its silence, and tries to get it back. It knows no page,
// so that it runs in a worker for all tabs of the browser as well as in a page.
import { address, answers, get } from './api.js';

/** Events that pages receive. */
const types = ['machine.changed', 'profile.changed', 'image.changed', 'boot.changed', 'job.changed',
  'boot.progress', 'job.progress', 'alarm'];

/** Seconds without a sign of life after which the line counts as dead: the server's heartbeat comes every ten. */
const patience = 20;

/** Seconds until it is asked whether the server is there while the stream does not open. */
const opening = 5;

/** Milliseconds between two ticks after which this computer has slept: what it knew of the line is no longer true. */
const slept = 10_000;

const firstPause = 2000, longestPause = 10_000;

/**
 * connecting: it is being opened. live: the server speaks. polling: the server answers, but its stream does not open.
 * away: the server is silent. ended: it does not know the session any more.
 * @typedef {'connecting' | 'live' | 'polling' | 'away' | 'ended'} State
 * News: a state (wait: milliseconds until the next try), or what the server said: an event with its JSON, that
 * it is alive, or that events were missed.
 * @typedef {{state?: State, wait?: number, type?: string, data?: string, alive?: boolean, reset?: boolean}} News
 */

/**
 * Opens the line.
 * @param {(news: News) => void} say
 * @returns {{check: () => void, renew: () => void, close: () => void}} check: looks now whether the server is there;
 *   renew: opens it anew, as another session; close: for good
 */
export function openLine(say) {
  let source = null, fresh = false, missed = false, opens = 0, asking = false, closed = false;
  let state = /** @type {State | ''} */ (''); // '': nothing was said of it yet
  let silent = 0, shut = 0, pause = firstPause, retry = 0, ticked = Date.now();

  const isOver = () => closed || state === 'ended';

  function become(/** @type {State} */ next, wait = 0) {
    if (next === state && next !== 'away') return;
    state = next;
    if (next === 'away') missed = true; // what pages asked for meanwhile, they did not get
    say({ state, wait });
  }

  /** Whatever the server says is a sign of life. */
  function heard(/** @type {News} */ news) {
    silent = 0;
    say(news);
  }

  function connect() {
    source?.close();
    clearTimeout(retry);
    [silent, shut, fresh] = [0, 0, true];
    source = new EventSource(address('events'));
    source.onopen = opened;
    source.onerror = () => check(); // a broken line the browser mends by itself, after a refusal it does not
    for (const type of types) source.addEventListener(type, ({ data }) => heard({ type, data }));
    source.addEventListener('heartbeat', () => heard({ alive: true }));
    source.addEventListener('reset', () => heard({ reset: true }));
    if (state !== 'away' && state !== 'polling') become('connecting');
  }

  function opened() {
    heard({ alive: true });
    become('live');
    // A stream that the browser opened again by itself resumes where it was; a new one cannot.
    if (missed || (fresh && opens > 0)) say({ reset: true });
    [pause, shut, opens, missed, fresh] = [firstPause, 0, opens + 1, false, false];
  }

  function drop() {
    source?.close();
    source = null;
  }

  /** Looks whether the server is there, and goes on trying. */
  async function check() {
    if (asking || isOver()) return;
    clearTimeout(retry);
    asking = true;
    const there = await answers();
    asking = false;
    if (isOver()) return;
    if (!there) {
      become('away', pause);
      retry = setTimeout(check, pause);
      pause = Math.min(pause * 1.5, longestPause);
      return;
    }
    if (state === 'away') become('connecting');
    if (!source) connect();
    else if (source.readyState === EventSource.CLOSED) await refused();
    else if (source.readyState === EventSource.CONNECTING && shut >= opening) become('polling');
  }

  /** The server is there, but does not give the stream. */
  async function refused() {
    drop();
    const problem = await get('session', { anonymous: true }).then(() => null, problem => problem);
    if (closed || source) return;
    if (problem?.status === 401) become('ended');
    else retry = setTimeout(connect, 1000);
  }

  /** Once a second. */
  function tick() {
    const asleep = Date.now() - ticked > slept;
    ticked = Date.now();
    if (state === 'ended' || state === 'away') return;
    if (asleep) { drop(); become('connecting'); check(); return; }
    if (source?.readyState === EventSource.OPEN ? ++silent < patience : ++shut < opening) return;
    if (state === 'live' && silent >= patience) { drop(); become('away'); check(); return; }
    if (shut % patience === 0) { drop(); check(); } else if (shut === opening) check();
  }

  const watch = setInterval(tick, 1000);
  connect();
  return {
    check() { pause = firstPause; check(); },
    renew() { state = ''; connect(); },
    close() { closed = true; clearInterval(watch); clearTimeout(retry); drop(); },
  };
}
