// One answer of the API for one page: loaded when the page opens, again when events say that it has changed.
import { signal, useEffect, useMemo } from './ui.js';
import { get } from './api.js';
import { on } from './state.js';

/**
 * @param {string | null} path below /api/v1; null: nothing yet
 * @param {{events?: string[], concerns?: (data: any) => boolean, pause?: number, map?: (answer: any) => any}} options
 * @returns {{data: any, problem: import('./api.js').Problem | null, loading: boolean, reload: () => Promise<void>,
 *   set: (data: any) => void}}
 */
export function useResource(path, { events = [], concerns = () => true, pause = 800, poll = true, map = x => x } = {}) {
  const it = useMemo(() => ({ data: signal(null), problem: signal(null), loading: signal(true) }), [path]);

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
      }
      it.loading.value = running = false;
      if (again) { again = false; load(); }
    };
  }, [path]);

  useEffect(() => {
    let timer = 0;
    const soon = () => { timer ||= setTimeout(() => { timer = 0; load(); }, pause); };
    load();
    const stops = [
      ...events.map(type => on(type, data => { if (concerns(data)) soon(); })),
      on('reset', load), on('poll', () => { if (poll) load(); }),
    ];
    return () => { clearTimeout(timer); for (const stop of stops) stop(); };
  }, [path]);

  return {
    data: it.data.value, problem: it.problem.value, loading: it.loading.value, reload: load,
    set: data => { it.data.value = data; },
  };
}
