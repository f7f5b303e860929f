// @ts-check
// A tab's end of the browser's one line: a shared worker, and where there is none (some phones) a line of its own
// while the tab is seen.

/** Seconds of silence after which the worker is asked whether it lives, and after which it is taken for dead. */
const silence = 12, death = 20;

/** Milliseconds until a worker that did not load is tried again. */
const pause = 5000;

/** Tabs of this version of the dashboard speak to a worker of this version. */
const name = 'netboot-line-1';

/**
 * What the line says; gap: what came until now may have been missed. @typedef {import('./event-line.js').News
 *   & {ago?: number, gap?: boolean}} News
 * @typedef {{say: (act: string, value?: any) => void, close: () => void}} Way
 */

/** @returns {Way} */
function sharedLine(hear) {
  const worker = new SharedWorker(new URL('event-worker.js', import.meta.url), { type: 'module', name });
  worker.onerror = () => hear({ broken: true });
  worker.port.onmessage = ({ data }) => hear(data);
  return { say: (...act) => worker.port.postMessage(act), close: () => worker.port.close() };
}

/** @returns {Way} */
function ownLine(hear) {
  let line = null, joined = false;
  const leave = () => { line?.close(); line = null; };
  const look = async () => {
    if (document.hidden || !joined) return leave();
    const { openLine } = await import('./event-line.js');
    if (document.hidden || !joined || line) return;
    hear({ state: 'connecting', gap: true });
    line = openLine(hear);
  };
  const acts = {
    join() { leave(); joined = true; look(); },
    leave() { joined = false; leave(); },
    check() { line?.check(); },
    ping() { hear({ pong: true }); },
  };
  document.addEventListener('visibilitychange', look);
  return { say: act => acts[act](), close() { acts.leave(); document.removeEventListener('visibilitychange', look); } };
}

/**
 * Joins the line for a session.
 * @param {string} session its id
 * @param {(news: News) => void} tell
 * @returns {{check: () => void, join: () => void, leave: () => void}} check: looks now whether the server is there;
 *   join: opens the line again after it has ended
 */
export function joinLine(session, tell) {
  let quiet = 0, shared = 'SharedWorker' in globalThis, known = false, retry = 0;
  let way = /** @type {Way} */ ({ say() {}, close() {} }); // until it is joined

  function hear(news) {
    quiet = 0;
    if (news.broken) return broken();
    known ||= shared;
    if (!news.pong) tell(news);
  }

  /** One that has worked is tried again; where none ever did the tab helps itself. */
  function broken() {
    if (known) { retry = setTimeout(join, pause); return; }
    shared = false;
    join();
  }

  function join() {
    way.close();
    clearTimeout(retry);
    quiet = 0;
    try { way = (shared ? sharedLine : ownLine)(hear); } catch { way = ownLine(hear); }
    way.say('join', session);
  }

  function joinAgain() {
    tell({ state: 'connecting', gap: true });
    join();
  }

  // A worker dies with the process it runs in, which may be another tab's. Ticks are counted, not time: a tab that
  // slept asks before it judges.
  const watch = setInterval(() => {
    quiet++;
    if (quiet === silence) way.say('ping');
    if (quiet >= death) joinAgain();
  }, 1000);

  const away = () => way.say('leave'), back = event => { if (event.persisted) joinAgain(); };
  addEventListener('pagehide', away);
  addEventListener('pageshow', back);
  join();
  return {
    check: () => way.say('check'),
    join: () => way.say('join', session),
    leave() {
      clearInterval(watch);
      clearTimeout(retry);
      removeEventListener('pagehide', away);
      removeEventListener('pageshow', back);
      way.say('leave');
      way.close();
    },
  };
}
