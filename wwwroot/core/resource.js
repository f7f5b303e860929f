// @ts-check
// One answer of the API for one page: loaded when the page opens, again when events say that it has changed.
import { signal, useEffect, useMemo } from './ui.js';
import { get } from './api.js';
import { on } from './state.js';

/** Milliseconds until a server that was silent is asked again. */
const patience = 5000;

/**
 * events: those after which it is loaded again, where they concern it, after a pause in milliseconds; poll: whether it
 * is also loaded again while the server's events do not come; map: what becomes of the answer.
 * @typedef {{events?: string[], concerns?: (data: any) => boolean, pause?: number, poll?: boolean,
 *   map?: (answer: any) => any}} Options
 */

/**
 * @param {string | null} path below /api/v1; null: nothing yet
 * @param {Options} options
 * @returns {{data: any, problem: import('./problem.js').Problem | null, loading: boolean,
 *   reload: () => Promise<void>, set: (data: any) => void}}
 */
export function useResource(path, { events = [], concerns = () => true, pause = 800, poll = true, map = x => x } = {}) {
  const it = useMemo(() => ({ data: signal(null), problem: signal(null), loading: signal(true), timer: 0,
    over: false }), [path]);

  const later = pause => { if (!it.over) it.timer ||= setTimeout(() => { it.timer = 0; load(); }, pause); };
  const load = useMemo(() => {
    let running = false, again = false;
    return async function load() {
      if (!path) return;
      if (running) { again = true; return; }
      running = true;
      try {
        it.data.value = map(await get(path));
        it.problem.value = null;
      } catch (problem) {
        it.problem.value = problem;
        if (problem.status === 0) later(patience); // the server was silent
      }
      it.loading.value = running = false;
      if (again) { again = false; load(); }
    };
  }, [path]);

  useEffect(() => {
    load();
    const stops = [
      ...events.map(type => on(type, data => { if (concerns(data)) later(pause); })),
      on('reset', load), on('poll', () => { if (poll) load(); }),
    ];
    return () => { clearTimeout(it.timer); it.over = true; for (const stop of stops) stop(); };
  }, [path]);

  return {
    data: it.data.value, problem: it.problem.value, loading: it.loading.value, reload: load,
    set: data => { it.data.value = data; },
  };
}
