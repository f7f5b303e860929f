// @ts-check
// What a machine would get of a profile as it is typed, asked of the server a moment after the last key.
import { useEffect, useRef, useState } from '../core/ui.js';
import { post } from '../core/api.js';
import { on } from '../core/state.js';

const pause = 350, nameless = 'new-profile';

/**
 * @param {string} name the profile's; '' while it has none
 * @param {any} body as for PUT; null: ask nothing
 * @param {string} machine '': one that nothing is known of
 * @returns {{plan: any, problem: import('../core/problem.js').Problem | null, fresh: boolean}}
 *   fresh: the plan is of what is typed now
 */
export function usePreview(name, body, machine) {
  const [answer, setAnswer] = useState({ plan: null, problem: null, key: '' }), [again, setAgain] = useState(0);
  const key = body && JSON.stringify([name, machine, body]), first = useRef(true);
  useEffect(() => on('reset', () => setAgain(times => times + 1)), []);
  useEffect(() => on('image.changed', image => { if (image.name === body?.image) setAgain(times => times + 1); }),
    [body?.image]);
  useEffect(() => {
    if (!key) return;
    const stop = new AbortController();
    const path = `profiles/${encodeURIComponent(name || nameless)}/preview?onError=describe${machine
      && `&machine=${encodeURIComponent(machine)}`}`;
    const ask = () => post(path, body, { signal: stop.signal }).then(plan => setAnswer({ plan, problem: null, key }),
      problem => { if (!stop.signal.aborted) setAnswer(last => ({ ...last, problem, key })); });
    const timer = setTimeout(ask, first.current ? 0 : pause);
    first.current = false;
    return () => { clearTimeout(timer); stop.abort(); };
  }, [key, again]);
  return { ...answer, fresh: answer.key === key && !answer.problem };
}
