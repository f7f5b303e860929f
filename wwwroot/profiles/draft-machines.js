// @ts-check
// Which machines would get a profile as it is typed, and the one of them with the longest kernel arguments.
import { useDraftAnswer } from '../parts/draft-answer.js';
import { nameOf } from './nameless.js';

const most = 50;

/**
 * @param {string} name the profile's; '' while it has none
 * @param {any} body as for PUT
 * @returns {{machines: any, problem: import('../core/problem.js').Problem | null}}
 */
export function useDraftMachines(name, body) {
  const { answer, problem } = useDraftAnswer(`profiles/${encodeURIComponent(nameOf(name))}/machines?limit=${most}`,
    body, { events: ['machine.changed', 'profile.changed'] });
  return { machines: answer, problem };
}
