// @ts-check
// What a profile offers the person at the machine: entries in order, the one to begin with, how long it waits.
import { html, useLayoutEffect, useRef } from '../core/ui.js';
import { profiles } from '../core/stores.js';
import { may } from '../core/session.js';
import { Field } from '../parts/form.js';
import { toast } from '../parts/messages.js';
import { actions, added, begin, changed, entryFor, mostEntries, moved, read, replaced, target, without }
  from './menu-model.js';

/** What an entry may lead to and no other of the menu does. */
function targets(menu, self, mine) {
  const taken = new Set(menu.entries.map(target).filter(to => to !== mine));
  const names = new Set([...profiles.items.value.keys(), ...self ? [self] : [],
    ...mine?.startsWith('profile ') ? [mine.slice('profile '.length)] : []]);
  return [...[...names].sort().map(name => [`profile ${name}`,
    name === self ? `${name} (this profile)` : profiles.items.value.has(name) ? name : `${name} (there is none)`]),
  ...Object.entries(actions).map(([action, words]) => [`action ${action}`, words])].filter(([to]) => !taken.has(to));
}

const shown = (entry, self) => entry.profile ?? actions[entry.action] ?? self;

function Row({ menu, at, self, set, form, refocus }) {
  const entry = menu.entries[at], to = target(entry), name = shown(entry, self), last = menu.entries.length - 1;
  const fault = form.errorBelow(`$.menu.entries[${at}]`);
  const move = (by, control) => {
    if (at + by < 0 || at + by > last) return;
    set(moved(menu, at, at + by));
    refocus(at + by, control);
  };
  const keys = event => {
    if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    move(event.key === 'ArrowUp' ? -1 : 1, event.target.name);
  };
  const drop = () => {
    const before = form.get('menu');
    set(without(menu, at));
    refocus(Math.min(at, last - 1), 'drop');
    toast(`${entry.label || name} is off the menu`, { undo: () => set(before) });
  };
  return html`<tr onKeyDown=${keys} data-at=${at}><td class="c-pick"><input type="radio" name="menu-default"
      aria-label=${`Begin with ${name}`} checked=${menu.chosen === to} onChange=${() => set(changed(menu,
        { chosen: to }))}/></td>
    <td><select name="target" aria-label=${`Entry ${at + 1} leads to`} value=${to} aria-invalid=${fault ? 'true'
      : undefined} onChange=${event => set(replaced(menu, at, entryFor(event.target.value, entry.label)))}>
      ${targets(menu, self, to).map(([value, text]) => html`<option key=${value} value=${value}
        selected=${value === to}>${text}</option>`)}</select>${fault && html`<p class="error">${fault}</p>`}</td>
    <td><input name="label" dir="auto" aria-label=${`Words of entry ${at + 1}`} maxlength="64" placeholder=${name}
      autocomplete="off" value=${entry.label ?? ''}
      onInput=${event => set(replaced(menu, at, entryFor(to, event.target.value)))}/></td>
    <td class="num c-move"><button class="btn icon" type="button" name="up" aria-label=${`Move ${name} up`}
        aria-disabled=${at === 0} onClick=${() => move(-1, 'up')}>↑</button>
      <button class="btn icon" type="button" name="down" aria-label=${`Move ${name} down`} aria-disabled=${at === last}
        onClick=${() => move(1, 'down')}>↓</button>
      <button class="btn icon" type="button" name="drop" aria-label=${`Remove ${name}`} aria-disabled=${last === 0}
        title=${last === 0 ? 'A menu has at least one entry' : undefined}
        onClick=${() => { if (last > 0) drop(); }}>✕</button></td></tr>`;
}

function Entries({ menu, self, set, form }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null)), wanted = useRef('');
  useLayoutEffect(() => { // the focus goes with an entry that moves
    const next = wanted.current && body.current?.querySelector(wanted.current);
    if (next instanceof HTMLElement) next.focus();
    wanted.current = '';
  });
  const refocus = (at, control) => { wanted.current = `[data-at="${at}"] [name="${control || 'target'}"]`; };
  const left = targets(menu, self);
  const add = () => {
    set(added(menu, entryFor(left[0][0])));
    refocus(menu.entries.length, 'target');
  };
  const fault = form.error('$.menu.entries') ?? form.error('$.menu.default');
  return html`<table class="entries"><thead><tr><th scope="col">default</th><th scope="col">leads to</th>
      <th scope="col">words on the screen</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
    <tbody ref=${body}>${menu.entries.map((_, at) => html`<${Row} key=${at} ...${{ menu, at, self, set,
      form, refocus }}/>`)}</tbody></table>
    <div class="body rows pad">${fault && html`<p class="error" role="alert">${fault}</p>`}<div class="bar">
      <button class="btn" type="button" disabled=${left.length === 0 || menu.entries.length >= mostEntries}
        onClick=${add}>Add entry</button><small>Alt with ↑ and ↓ moves an entry.</small></div></div>`;
}

/** @param {{form: any, self: string}} props self: the profile's own name */
export function MenuEditor({ form, self }) {
  const menu = read(form.get('menu')), set = text => form.set('menu', text);
  if (!menu) return html`<header><h2 id="h-menu">Menu</h2><small>Machines boot this without asking anybody.</small>
    ${may('operator') && html`<button class="btn push" type="button" onClick=${() => set(begin(self))}>Offer a menu
      </button>`}</header>`;
  const drop = () => {
    const before = form.get('menu');
    set('');
    toast('No menu any more, once it is saved', { undo: () => set(before) });
  };
  return html`<header><h2 id="h-menu">Menu</h2><small>what the person at the machine may choose</small>
      ${may('operator') && html`<button class="btn push" type="button" onClick=${drop}>Boot without asking</button>`}
    </header><fieldset disabled=${!may('operator')}><div class="body cols">
      <${Field} label="Title" hint="Empty: the machine’s name." error=${form.error('$.menu.title')}>
        ${aria => html`<input ...${aria} dir="auto" maxlength="64" autocomplete="off" value=${menu.title}
          onInput=${event => set(changed(menu, { title: event.target.value }))}/>`}<//>
      <${Field} label="Seconds until it begins by itself" hint="0: it waits for a person."
        error=${form.error('$.menu.timeoutSeconds')}>${aria => html`<input ...${aria} type="number" min="0" max="86400"
          value=${menu.timeoutSeconds} onInput=${event => set(changed(menu,
            { timeoutSeconds: Math.max(0, Math.trunc(Number(event.target.value) || 0)) }))}/>`}<//></div>
    <${Entries} ...${{ menu, self, set, form }}/></fieldset>`;
}
