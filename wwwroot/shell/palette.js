// @ts-check
// Ctrl-K: any machine, image, profile, page or action by a few letters of its name.
import { html, useEffect, useMemo, useState } from '../core/ui.js';
import { go } from '../core/router.js';
import { images, machines, profiles } from '../core/stores.js';
import { get } from '../core/api.js';
import { keyList, setSingleKeys, singleKeys } from '../parts/keys.js';
import { shownPages } from '../page-list.js';
import { Dialog } from '../parts/dialog.js';
import { may } from '../core/session.js';
import { copyText } from '../parts/basics.js';
import { toast } from '../parts/messages.js';
import { machineState } from '../parts/boot-phases.js';
import { openKeyList } from './open-palette.js';

const most = 8;

/** How well text fits what was typed: 0 not at all. */
function fit(text, typed) {
  const at = text.toLowerCase().indexOf(typed);
  return at < 0 ? 0 : at === 0 ? 3 : /[^a-z0-9]/.test(text[at - 1]) ? 2 : 1;
}

const best = (items, typed, textOf) => items.map(item => ({ item, score: fit(textOf(item), typed) }))
  .filter(({ score }) => score > 0).sort((left, right) => right.score - left.score).slice(0, most)
    .map(({ item }) => item);

const machineHit = machine => {
  const { is, word } = machineState(machine);
  return { key: `m/${machine.name}`, group: 'Machines', is, text: machine.name, note: word, act: () =>
    go('machines', machine.name) };
};

/** What can be done to a machine from here. */
const actsOn = machine => [
  may('operator') && { text: `Next boot of ${machine.name}…`, act: () => go('machines', machine.name, { next: '' }) },
  machine.macs.length > 0 && { text: `Copy MAC of ${machine.name}`, act: () => copyText(machine.macs[0])
    .then(() => toast(`${machine.macs[0]} copied`)) },
].flatMap(action => action ? [{ ...action, key: action.text, group: 'Actions' }] : []);

/** Everything that can be reached, for what was typed. */
function hits(typed, found) {
  const pages = shownPages().map(page => ({ key: page.id, group: 'Pages', text: page.title, act: () => go(page.id) }));
  const actions = [
    { text: 'Add machine…', act: () => go('machines', null, { add: '' }) },
      { text: 'Add profile…', act: () => go('profiles', null, { add: '' }) },
    { text: 'Add image…', act: () => go('images', null, { add: '' }) }, { text: 'Keyboard…', act: openKeyList },
  ].map(action => ({ ...action, key: action.text, group: 'Actions' }));
  if (!typed) return [...pages, ...actions];
  const named = (list, page, group) => best([...list.items.value.keys()], typed, name => name)
    .map(name => ({ key: `${page}/${name}`, group, text: name, act: () => go(page, name) }));
  const search = machine => `${machine.name} ${machine.macs.join(' ')} ${machine.serial ?? machine.identity?.serial
    ?? ''}`;
  const local = best([...machines.items.value.values()], typed, search);
  const names = new Set(local.map(machine => machine.name));
  const more = found.filter(machine => !names.has(machine.name)).slice(0, most - local.length);
  const chosen = [...local, ...more];
  return [...chosen.map(machineHit), ...named(images, 'images', 'Images'), ...named(profiles, 'profiles', 'Profiles'),
    ...best(pages, typed, page => page.text), ...best(actions, typed, action => action.text),
    ...chosen.slice(0, 2).flatMap(actsOn)];
}

function Marked({ text, typed }) {
  const at = typed ? text.toLowerCase().indexOf(typed) : -1;
  return at < 0 ? html`<bdi>${text}</bdi>`
    : html`<bdi>${text.slice(0, at)}<b>${text.slice(at, at + typed.length)}</b>${text.slice(at + typed.length)}</bdi>`;
}

export function Palette({ close }) {
  const [text, setText] = useState(''), [at, setAt] = useState(0), [found, setFound] = useState([]);
  const typed = text.trim().toLowerCase();
  useEffect(() => { for (const list of [images, profiles]) if (list.state.peek() === 'idle') list.load(); }, []);
  useEffect(() => { // what is not loaded here is asked for
    if (typed.length < 2 || (machines.state.value === 'ready' && !machines.partial.value)) return;
    const stop = new AbortController();
    const timer = setTimeout(() => get(`machines?limit=${most}&q=${encodeURIComponent(typed)}`, { signal: stop.signal })
      .then(page => setFound(page.items), () => {}), 120);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [typed]);
  const all = useMemo(() => hits(typed, found), [typed, found, machines.items.value, images.items.value,
    profiles.items.value]);
  const chosen = Math.min(at, all.length - 1);
  const pick = hit => { close(); hit?.act(); };
  const key = event => {
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all.length && !(['Home', 'End'].includes(event.key) && text)) { event.preventDefault();
      setAt(to % all.length); }
    if (event.key === 'Enter') { event.preventDefault(); pick(all[chosen]); }
  };
  return html`<${Dialog} title="Find" palette close=${close}>
    <input role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" autofocus
      spellcheck=${false} autocomplete="off"
      aria-activedescendant=${all.length ? `hit-${chosen}` : undefined}
        aria-label="Find a machine, image, page or action"
      placeholder="Machine, image, profile, page, action" value=${text}
        onInput=${event => { setText(event.target.value); setAt(0); }} onKeyDown=${key}/>
    <ul id="palette-list" role="listbox" aria-label="Results">${all.map((hit, index) => html`
      ${hit.group !== all[index - 1]?.group && html`<li key=${`g-${hit.group}-${index}`} role="presentation">
        ${hit.group}</li>`}
      <li key=${hit.key} id=${`hit-${index}`} role="option" aria-selected=${index === chosen}
        onClick=${() => pick(hit)} onPointerMove=${() => index !== chosen && setAt(index)}
        ref=${index === chosen ? element => element?.scrollIntoView({ block: 'nearest' }) : undefined}>
        ${hit.is ? html`<span class="glyph" data-state=${hit.is}></span>` : html`<span></span>`}<span class="cut">
          <${Marked} text=${hit.text} typed=${typed}/></span>
        ${hit.note && html`<small class="push">${hit.note}</small>`}${index === chosen
          && html`<kbd class=${hit.note ? '' : 'push'}>↵</kbd>`}</li>`)}
      ${all.length === 0 && html`<li role="presentation">Nothing has “${text.trim()}” in its name.</li>`}</ul><//>`;
}

export const Keys = ({ close }) =>
  html`<${Dialog} title="Keyboard" close=${close}
    footer=${html`<button class="btn" type="button" autofocus onClick=${() => close()}>Close</button>`}>
  <dl class="kv keys">${keyList.map(([keys, what]) =>
    html`<dt key=${keys}>${keys.split(' ').map(key => key === 'then' ? ' then ' : html`<kbd>${key}</kbd> `)}</dt><dd>
      ${what}</dd>`)}</dl>
  <label class="check"><input type="checkbox" checked=${singleKeys.value}
    onChange=${event => setSingleKeys(event.target.checked)}/>
    Single letters act when no field has the focus</label><//>`;
