// @ts-check
// The keyboard: single keys when no field has the focus, and only when they are switched on (WCAG 2.1.4).
import { signal, useEffect, useMemo } from '../core/ui.js';
import { go, route } from '../core/router.js';
import { undoLast } from './messages.js';
import { isOpen } from './dialog.js';

const stored = 'netboot-single-keys', patience = 3000;
export const singleKeys = signal(localStorage.getItem(stored) !== 'off');
export function setSingleKeys(wanted) {
  singleKeys.value = wanted;
  localStorage.setItem(stored, wanted ? 'on' : 'off');
}

/** Keys of the shell, the page, its parts. @type {{born: number, acts: Map<string, Function>}[]} */
const layers = [];
const pages = { o: 'overview', m: 'machines', p: 'profiles', i: 'images', j: 'jobs', s: 'setup', a: 'access',
  b: 'boots' };
let chord = 0, births = 0;

/** Keys pressed on the way to a page that is not there yet. @type {{since: number, keys: KeyboardEvent[]} | null} */
let onTheWay = null, arrival = 0;

/** Gives a page its keys, e.g. {j: down, 'Ctrl+s': save}. */
export function useKeys(keys) {
  const layer = useMemo(() => ({ born: 0, acts: new Map() }), []);
  layer.acts = new Map(Object.entries(keys));
  useEffect(() => {
    layer.born = ++births;
    layers.push(layer);
    catchUp(layer);
    return () => { layers.splice(layers.indexOf(layer), 1); };
  }, []);
}

const find = name => layers.findLast(layer => layer.acts.has(name))?.acts.get(name);

/** Goes to a page; until it is there its keys are kept for it. */
function leaveFor(page) {
  clearTimeout(arrival);
  if (route.peek().page !== page || route.peek().name !== null) {
    onTheWay = { since: births, keys: [] };
    arrival = setTimeout(() => { onTheWay = null; }, patience);
  }
  go(page);
}

/** Keeps a key for the page that is coming, unless something of it, or the shell, is there to take it. */
function keep(event, name, way) {
  const taken = layers.some((layer, at) => layer.acts.has(name) && (at === 0 || layer.born > way.since));
  if (!taken) way.keys.push(event);
  return !taken;
}

/** Gives a part that has just come the keys that were pressed for it. */
function catchUp(layer) {
  if (!onTheWay) return;
  const mine = onTheWay.keys.filter(({ key }) => layer.acts.has(key) || layer.acts.has(key.toLowerCase()));
  onTheWay.keys = onTheWay.keys.filter(event => !mine.includes(event));
  for (const event of mine) (layer.acts.get(event.key) ?? layer.acts.get(event.key.toLowerCase()))(event);
}

const isField = target => target instanceof HTMLElement && (target.isContentEditable
  || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  || (target instanceof HTMLInputElement && target.type !== 'checkbox'));

/** Presses the main button of the dialog on top. */
const saveDialog = () => /** @type {HTMLElement | null | undefined} */ (
  [...document.querySelectorAll('dialog[open]')].at(-1)?.querySelector('[type=submit]'))?.click();

addEventListener('keydown', event => {
  if (event.altKey || event.isComposing) return;
  const command = event.ctrlKey || event.metaKey, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (command) {
    const act = key === 's' && isOpen() ? saveDialog : find(`Ctrl+${key}`);
    if (key === 'z' && !isField(event.target) && undoLast()) event.preventDefault();
    else if (act && (key === 'k' || !isOpen() || key === 's')
      && !(key === 'a' && isField(event.target))) { event.preventDefault(); act(event); }
    return;
  }
  if (isField(event.target) || isOpen() || document.querySelector('[popover]:popover-open')) return;
  if (event.key.length === 1 && !singleKeys.value) return;
  if (chord && pages[key]) {
    clearTimeout(chord);
    chord = 0;
    leaveFor(pages[key]);
    event.preventDefault();
    return;
  }
  if (key === 'g') { chord = setTimeout(() => { chord = 0; }, 1500); return; }
  const act = find(event.key) ?? find(key);
  if (onTheWay && (event.key.length === 1 || onTheWay.keys.length)
    && keep(event, find(event.key) ? event.key : key, onTheWay)) { event.preventDefault(); return; }
  if (act) { event.preventDefault(); act(event); }
});

/** All keys, for the list that '?' opens. */
export const keyList = [
  ['Ctrl K', 'find a machine, image, page or action'], ['/', 'find, too'],
    ['g then o m b p i j s a', 'Overview, Machines, Boots, Profiles, Images, Jobs, Setup, Access'],
  ['j k', 'next and previous row'], ['Enter', 'open the row'], ['x', 'select the row, with Shift up to it'],
    ['Ctrl A', 'select all that match'],
  ['n', 'new'], ['e', 'edit'], ['b', 'next boot'], ['Ctrl S', 'save'], ['Ctrl Z', 'take the last act back'],
  ['Esc', 'close, clear the selection'], ['?', 'this list'],
];
