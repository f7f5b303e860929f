// @ts-check
// Lists that several pages share, loaded once and kept up to date by events.
import { effect, signal, useEffect } from './ui.js';
import { get } from './api.js';
import { on } from './state.js';

/** How many are asked for at once; milliseconds until a server that was silent is asked again. */
const page = 1000, patience = 5000;

/**
 * A list of the API as a map by name.
 * @param {string} path below /api/v1
 * @param {{event: string, key?: string, most?: number}} options
 */
export function store(path, { event, key = 'name', most = 20_000 }) {
  const items = signal(new Map());
  /** idle, loading, ready or failed. */
  const state = signal('idle');
  const problem = signal(null);
  /** Whether there are more on the server than kept here. */
  const partial = signal(false);
  let running = null, again = false, changes = new Map(), flush = 0;

  async function read() {
    const all = new Map();
    let after = '';
    do {
      const answer = await get(`${path}?limit=${page}${after && `&after=${encodeURIComponent(after)}`}`);
      for (const item of answer.items) all.set(item[key], item);
      after = answer.next ?? '';
      if (state.peek() === 'loading') items.value = new Map(all); // the first page shows before the last is here
    } while (after && all.size < most);
    partial.value = !!after;
    items.value = all;
  }

  async function load() {
    if (running) { again = true; return running; }
    if (state.peek() !== 'ready') state.value = 'loading';
    running = read().then(() => { state.value = 'ready'; problem.value = null; }, error => {
      problem.value = error;
      if (state.peek() === 'loading') state.value = 'failed';
      if (error.status === 0) setTimeout(load, patience); // the server was silent
    }).finally(() => { running = null; if (again) { again = false; load(); } });
    return running;
  }

  /** Many changes in a moment are one change of the page. */
  function apply() {
    flush = 0;
    const next = new Map(items.peek());
    for (const [name, item] of changes) item ? next.set(name, item) : next.delete(name);
    changes = new Map();
    items.value = next;
  }

  const change = (name, item) => {
    changes.set(name, item);
    flush ||= setTimeout(apply, 400);
  };
  const put = item => { changes.set(item[key], item); clearTimeout(flush); apply(); };
  const drop = name => { changes.set(name, null); clearTimeout(flush); apply(); };

  on(event, item => {
    if (state.peek() === 'idle') return;
    if (item.previousName) change(item.previousName, null);
    change(item[key], item.deleted ? null : item);
  });
  on('reset', () => { if (state.peek() !== 'idle') load(); });

  /** Loads it with the first page that needs it. */
  function use() {
    useEffect(() => { if (state.peek() === 'idle' || state.peek() === 'failed') load(); }, []);
    return items.value;
  }

  return { items, state, problem, partial, load, put, drop, use };
}

export const machines = store('machines', { event: 'machine.changed' });
export const profiles = store('profiles', { event: 'profile.changed' });
export const images = store('images', { event: 'image.changed' });

/** How profiles come to machines: by their names and selectors, in the order of their priorities. */
const selection = () => JSON.stringify([...profiles.items.value.values()]
  .map(({ name, selector, priority }) => [name, selector, priority]).sort());

// Each machine says which profile it gets: another selection can change that of all.
let selected = '', timer = 0;

function loadMachinesAgain() {
  timer ||= setTimeout(() => {
    timer = 0;
    if (machines.state.peek() === 'ready') machines.load();
  }, 500);
}

effect(() => {
  if (profiles.state.value !== 'ready') return;
  const now = selection(), before = selected;
  selected = now;
  if (before && now !== before) loadMachinesAgain();
});
on('profile.changed', () => { if (profiles.state.peek() === 'idle') loadMachinesAgain(); });

// A server without events is asked again: small lists often, the long one seldom.
let polls = 0;
on('poll', () => {
  polls++;
  /** @type {[list: typeof machines, every: number][]} */
  const turns = [[machines, machines.items.peek().size > 500 ? 15 : 1], [profiles, 5], [images, 3]];
  for (const [list, every] of turns)
    if (list.state.peek() === 'ready' && polls % every === 0) list.load();
});
