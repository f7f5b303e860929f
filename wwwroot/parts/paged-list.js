// @ts-check
// A list of the API that goes back page by page: the first one stays up to date, older ones are loaded on demand.
import { useState } from '../core/ui.js';
import { get } from '../core/api.js';
import { useResource } from '../core/resource.js';
import { toast } from './messages.js';

/**
 * @param {string} path with its limit, below /api/v1
 * @param {import('../core/resource.js').Options & {key?: string}} options
 */
export function usePages(path, { key = 'id', ...options } = {}) {
  const page = useResource(path, options);
  const [older, setOlder] = useState({ path: '', items: /** @type {any[]} */ ([]), next: null });
  const [busy, setBusy] = useState(false);
  const more = older.path === path ? older : { path, items: [], next: page.data?.next ?? null };
  const load = async () => {
    setBusy(true);
    try {
      const answer = await get(`${path}&after=${encodeURIComponent(more.next)}`);
      setOlder({ path, items: [...more.items, ...answer.items], next: answer.next ?? null });
    } catch (problem) { toast(problem.message, { seconds: 12 }); }
    setBusy(false);
  };
  const seen = new Set(page.data?.items.map(item => item[key]));
  return { ...page, busy, load: more.next ? load : null,
    items: page.data && [...page.data.items, ...more.items.filter(item => !seen.has(item[key]))] };
}
