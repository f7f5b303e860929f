// @ts-check
// Every machine: found, filtered, sorted, chosen, approved.
import { html, useEffect, useRef, useState } from '../core/ui.js';
import { go, link, route, setQuery } from '../core/router.js';
import { machines } from '../core/stores.js';
import { useMachineList } from './machine-list.js';
import { useKeys } from '../parts/keys.js';
import { may } from '../core/session.js';
import { useTitle } from '../core/title.js';
import { useRows } from './visible-rows.js';
import { columns } from '../parts/width.js';
import { count, plural } from '../parts/format.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';
import { openAdd, openApproveAll } from './machine-dialogs.js';
import { Filters } from './machine-filters.js';
import { GroupRow, MachineRow } from './machine-row.js';
import { Bulk } from './bulk-bar.js';
import { TransferButtons } from './transfer.js';

const headings = [['name', 'machine', ''], ['state', 'state', 'c-state'], ['profile', 'profile', 's-hide c-profile'],
  ['image', 'image', 'm-only c-image'],
  [null, 'labels', 'l-only c-labels'], ['lastSeenAt', 'last seen', 'num s-hide c-seen']];

function Head({ wanted, all, onAll, marking }) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => { if (box.current) box.current.indeterminate = all === null; }, [all]);
  const sort = key => setQuery({ sort: wanted.sort === key ? `-${key}` : key === 'name' ? null : key });
  const direction = key => wanted.sort === key ? 'ascending' : wanted.sort === `-${key}` ? 'descending' : undefined;
  return html`<thead><tr><th scope="col" class=${marking ? 'c-box' : 's-hide c-box'}>
    <input ref=${box} type="checkbox" aria-label="Select all that match" checked=${all === true} onChange=${onAll}/>
      </th>
    ${headings.map(([key, text, className]) =>
      html`<th scope="col" key=${text} class=${className} aria-sort=${key && direction(key)}>${key
      ? html`<button class="sort" type="button" onClick=${() => sort(key)}>${text}</button>` : text}</th>`)}
    <th scope="col" class=${marking ? 's-hide c-act' : 'c-act'}><span class="vh">actions</span></th></tr></thead>`;
}

/** Discovered ones first, under a heading of their own; every row of the table is one entry. */
function grouped(shown, sort) {
  const discovered = shown.filter(entry => entry.state.is === 'discovered');
  if (discovered.length === 0 || sort !== 'name') return shown.map(entry => ({ entry }));
  const registered = shown.filter(entry => entry.state.is !== 'discovered');
  return [{ group: 'discovered', list: discovered }, ...discovered.map(entry => ({ entry })),
    ...registered.length ? [{ group: 'registered', list: registered }, ...registered.map(entry => ({ entry }))] : []];
}

/** What is chosen, by name; Shift chooses all up to the last one. */
function useSelection(rows) {
  const [chosen, setChosen] = useState(new Set()), last = useRef(null);
  const names = rows.flatMap(row => row.entry ? [row.entry.machine.name] : []);
  return {
    chosen, clear: () => setChosen(new Set()), all: () => setChosen(new Set(names)),
    state: chosen.size === 0 ? false : names.every(name => chosen.has(name)) ? true : null,
    toggle(name, through) {
      const next = new Set(chosen), on = !chosen.has(name);
      const from = through && last.current ? names.indexOf(last.current) : -1, to = names.indexOf(name);
      for (const each of from < 0 ? [name] : names.slice(Math.min(from, to), Math.max(from, to) + 1)) on
        ? next.add(each) : next.delete(each);
      last.current = name;
      setChosen(next);
    },
  };
}

/** @param {{list: any, mark: boolean, setMark: (on: boolean) => void}} props mark: a phone's rows are to be chosen */
function Table({ list, mark, setMark }) {
  const rows = grouped(list.shown, list.wanted.sort), view = useRows(rows.length), selection = useSelection(rows);
  useEffect(() => { if (!mark && selection.chosen.size > 0) selection.clear(); }, [mark]);
  const marking = mark || selection.chosen.size > 0, clear = () => {
    const had = /** @type {HTMLElement | null} */ (document.activeElement);
    selection.clear();
    setMark(false);
    if (!marking || had === document.body) return;
    requestAnimationFrame(() => { // what had the focus may be gone
      if (had?.isConnected && had.offsetParent) return;
      for (const next of /** @type {NodeListOf<HTMLElement>} */ (
        document.querySelectorAll('.select, .machines thead input')))
        next.focus({ preventScroll: true });
    });
  };
  const [cursor, show] = useState(-1), place = useRef(-1); // keys may come faster than the page is drawn
  const setCursor = to => { place.current = to; show(to); };
  const step = by => {
    let to = Math.max(0, Math.min(rows.length - 1, place.current + by));
    if (!rows[to]?.entry) to = Math.max(0, Math.min(rows.length - 1, to + Math.sign(by)));
    if (!rows[to]?.entry) return;
    setCursor(to);
    view.reveal(to);
  };
  const at = () => rows[place.current]?.entry?.machine;
  useKeys({ j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    Enter: event => at() ? go('machines', at().name) : event.target.click?.(),
    x: () => at() && selection.toggle(at().name, false), X: () => at() && selection.toggle(at().name, true),
    'Ctrl+a': selection.all, Escape: clear });
  const chosen = list.entries.map(entry => entry.machine).filter(machine => selection.chosen.has(machine.name));
  return html`${may('operator') && (chosen.length > 0 || mark)
      && html`<${Bulk} list=${chosen} clear=${clear}/>`}
    <table class=${marking ? 'machines marking' : 'machines'} aria-rowcount=${rows.length}>
      <${Head} wanted=${list.wanted} all=${selection.state} marking=${marking}
      onAll=${() => selection.state ? selection.clear() : selection.all()}/>
      <tbody ref=${view.ref}>${view.before > 0
        && html`<tr key="before" class="spacer" aria-hidden="true" style=${{ height: `${view.before}px` }}>
          <td colspan=${columns.value}></td></tr>`}
        ${rows.slice(view.from, view.to)
          .map((row, index) => row.group
            ? html`<${GroupRow} key=${row.group} group=${row.group} list=${row.list} onApproveAll=${openApproveAll}/>`
          : html`<${MachineRow} key=${row.entry.machine.name} ...${row.entry} index=${view.from + index}
            chosen=${selection.chosen.has(row.entry.machine.name)} marking=${marking}
            here=${view.from + index === cursor} toggle=${selection.toggle}/>`)}
        ${view.after > 0 && html`<tr key="after" class="spacer" aria-hidden="true"
          style=${{ height: `${view.after}px` }}><td colspan=${columns.value}></td></tr>`}</tbody></table>`;
}

export default function Machines() {
  useTitle('Machines');
  const [mark, setMark] = useState(false);
  const list = useMachineList(), ready = machines.state.value === 'ready' || list.entries.length > 0;
  const add = route.value.query.has('add');
  useEffect(() => { if (add) { setQuery({ add: null }); openAdd(); } }, [add]);
  useKeys(may('operator') ? { n: openAdd } : {});
  const registered = list.entries.length - list.counts.discovered;
  return html`<div class="head"><h1>Machines</h1><small>
    ${ready && `${count(registered)} registered, ${count(list.counts.discovered)} discovered${
      machines.state.value === 'loading' ? ', more are coming' : machines.partial.value
        ? `; the first ${count(list.entries.length)}` : ''}`}</small>
      <span class="bar push"><${TransferButtons}/>
        ${may('operator') && html`<button class="btn main" type="button" onClick=${openAdd}>Add machine</button>`}
          </span></div>
    <section class="panel" aria-label="All machines">
      ${machines.state.value === 'failed'
        ? html`<${Trouble} what="The list could not be loaded" problem=${machines.problem.value}
          retry=${machines.load}/>`
        : !ready ? html`<${Ghost} lines=${8}/>`
        : list.entries.length === 0
          ? html`<${Empty} title="No machine yet" actions=${html`<a class="btn" href=${link('setup')}>Set up DHCP</a>`}>
            Machines appear here when they ask for a script. Point DHCP here first, or add one by its MAC.<//>`
        : html`<${Filters} list=${list}>${may('operator') && list.shown.length > 0
          && html`<button class="btn s-only push select" type="button" onClick=${() => setMark(!mark)}>
            ${mark ? 'Done' : 'Select'}</button>`}<//>
          ${list.shown.length > 0 ? html`<${Table} list=${list} mark=${mark} setMark=${setMark}/>`
          : html`<${Empty} title=${`No machine matches${list.wanted.q ? ` “${list.wanted.q}”` : ' these filters'}`}
            actions=${html`<button class="btn" type="button"
              onClick=${() => go('machines')}>Clear filters</button>`}>
                ${plural(list.entries.length, 'machine')}, none of them like that.<//>`}
          <footer class="foot bar"><small>
            ${list.filtered ? `${count(list.shown.length)} of ${count(list.entries.length)}`
              : plural(list.shown.length, 'machine')}</small></footer>`}
    </section>`;
}
