// @ts-check
// The address after '#' says which page, which resource and which view of it: everything has a link.
import { signal } from './ui.js';

/**
 * Where somebody is; depth: how far down the page was when it was left, null for one that is new.
 * @typedef {{page: string, name: string | null, rest: string[], query: URLSearchParams, depth: number | null}} Route
 */

/** @returns {Route} */
function read(depth = null) {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [page, name, ...rest] = path.split('/').map(part => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { page: page || 'overview', name: name ?? null, rest, query: new URLSearchParams(query), depth };
}

/** How far down each entry of the browser's history was; back and forward lead there again. */
const stored = 'netboot-depths', depths = new Map(JSON.parse(sessionStorage.getItem(stored) ?? '[]'));
let newest = Math.max(0, ...depths.keys()), entry = history.state?.entry ?? newest + 1;
let asked = depths.get(entry) ?? null;

/** Where we are. */
export const route = signal(read(asked));

history.scrollRestoration = 'manual';
history.replaceState({ entry }, '');

addEventListener('pagehide', () => { // a page that is loaded again begins where it was
  depths.set(entry, scrollY);
  sessionStorage.setItem(stored, JSON.stringify([...depths]));
});

addEventListener('popstate', ({ state }) => { // a new address comes without a state
  depths.set(entry, scrollY);
  const known = state?.entry;
  entry = known ?? newest + 1;
  newest = Math.max(newest, entry);
  if (known === undefined) history.replaceState({ entry }, '');
  asked = known === undefined ? null : depths.get(known) ?? null;
});
addEventListener('hashchange', () => { route.value = read(asked); });

/**
 * The address of a page: link('machines', 'node-1', {edit: ''}).
 * @param {string} page
 * @param {string | null} name
 * @param {Record<string, any>} query what is null, undefined or '-' is left out
 */
export function link(page, name = null, query = {}) {
  const set = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '-');
  const path = page === 'overview' && name === null ? '' : [page, name].filter(part => part !== null)
    .map(encodeURIComponent).join('/');
  const text = new URLSearchParams(set).toString().replace(/=(?=&|$)/g, '');
  return `#/${path}${text ? `?${text}` : ''}`;
}

/** Goes there. @param {Parameters<typeof link>} to */
export function go(...to) {
  location.hash = link(...to);
}

/** Changes the query of this page without a new entry in the browser's history. */
export function setQuery(changes) {
  const query = Object.fromEntries(route.value.query);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') delete query[key]; else query[key] = value;
  }
  history.replaceState(history.state, '', link(route.value.page, route.value.name, query));
  route.value = read();
}
