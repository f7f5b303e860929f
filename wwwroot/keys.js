// The keyboard: single keys when no field has the focus, and only when they are switched on (WCAG 2.1.4).
import { signal, useEffect } from './ui.js';
import { go } from './router.js';
import { undoLast } from './parts/messages.js';
import { isOpen } from './parts/dialog.js';

const stored = 'netboot-single-keys';
export const singleKeys = signal(localStorage.getItem(stored) !== 'off');
export function setSingleKeys(wanted) {
  singleKeys.value = wanted;
  localStorage.setItem(stored, wanted ? 'on' : 'off');
}

/** Keys of the page that is shown: key → act. @type {Map<string, (event: KeyboardEvent) => void>[]} */
const layers = [];
const pages = { o: 'overview', m: 'machines', p: 'profiles', i: 'images', j: 'jobs', s: 'setup', a: 'access',
  b: 'boots' };
let chord = 0;

/** Gives a page its keys, e.g. {j: down, 'Ctrl+s': save}. */
export function useKeys(keys) {
  useEffect(() => {
    const layer = new Map(Object.entries(keys));
    layers.push(layer);
    return () => { layers.splice(layers.indexOf(layer), 1); };
  });
}

const find = name => layers.findLast(layer => layer.has(name))?.get(name);

const isField = target => target instanceof HTMLElement
  && (target.isContentEditable || (/^(input|textarea|select)$/i.test(target.tagName) && target.type !== 'checkbox'));

addEventListener('keydown', event => {
  if (event.altKey || event.isComposing) return;
  const command = event.ctrlKey || event.metaKey, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (command) {
    const act = find(`Ctrl+${key}`);
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
    go(pages[key]);
    event.preventDefault();
    return;
  }
  if (key === 'g') { chord = setTimeout(() => { chord = 0; }, 1500); return; }
  const act = find(event.key) ?? find(key);
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
