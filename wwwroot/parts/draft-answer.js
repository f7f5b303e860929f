// @ts-check
// What the server answers to something as it is typed, asked a moment after the last key.
import { useEffect, useRef, useState } from '../core/ui.js';
import { post } from '../core/api.js';
import { on } from '../core/state.js';

const pause = 350, changesPause = 1000;

/**
 * @param {string | null} path below /api/v1; null: ask nothing
 * @param {any} body as for PUT
 * @param {{events: string[], concerns?: (data: any) => boolean}} options events after which it is asked again
 * @returns {{answer: any, problem: import('../core/problem.js').Problem | null, fresh: boolean}}
 *   fresh: the answer is to what is typed now
 */
export function useDraftAnswer(path, body, { events, concerns = () => true }) {
  const [given, setGiven] = useState({ answer: null, problem: null, key: '' }), [again, setAgain] = useState(0);
  const key = path && JSON.stringify([path, body]), first = useRef(true), meant = useRef(concerns);
  meant.current = concerns;
  useEffect(() => {
    let timer = 0;
    const ask = () => { timer = 0; setAgain(times => times + 1); };
    const stops = [on('reset', ask), ...events.map(type => on(type, data => {
      if (meant.current(data)) timer ||= setTimeout(ask, changesPause);
    }))];
    return () => { clearTimeout(timer); for (const stop of stops) stop(); };
  }, []);
  useEffect(() => {
    if (!key) return;
    const stop = new AbortController();
    const ask = () => post(path, body, { signal: stop.signal }).then(
      answer => setGiven({ answer, problem: null, key }),
      problem => { if (!stop.signal.aborted) setGiven(last => ({ ...last, problem, key })); });
    const timer = setTimeout(ask, first.current ? 0 : pause);
    first.current = false;
    return () => { clearTimeout(timer); stop.abort(); };
  }, [key, again]);
  return { answer: given.answer, problem: given.problem, fresh: given.key === key && !given.problem };
}
