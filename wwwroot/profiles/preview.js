// @ts-check
// What a machine would get of a profile as it is typed.
import { useDraftAnswer } from '../parts/draft-answer.js';
import { nameOf } from './nameless.js';

/**
 * @param {string} name the profile's; '' while it has none
 * @param {any} body as for PUT; null: ask nothing
 * @param {string} machine '': one that nothing is known of
 * @returns {{plan: any, problem: import('../core/problem.js').Problem | null, fresh: boolean}}
 *   fresh: the plan is of what is typed now
 */
export function usePreview(name, body, machine) {
  const path = `profiles/${encodeURIComponent(nameOf(name))}/preview?onError=describe${machine
    && `&machine=${encodeURIComponent(machine)}`}`;
  const { answer, problem, fresh } = useDraftAnswer(body && path, body,
    { events: ['image.changed'], concerns: image => image.name === body?.image });
  return { plan: answer, problem, fresh };
}
