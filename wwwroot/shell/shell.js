// @ts-check
// Around every page: header, rail, banner, dialogs, toasts, and the keys that work everywhere.
import { html, signal, useEffect, useErrorBoundary, useRef } from '../core/ui.js';
import { link, route } from '../core/router.js';
import { interrupted } from '../core/session.js';
import { away, paths } from '../core/state.js';
import { shownPages } from '../page-list.js';
import { totals, useTotals } from '../parts/totals.js';
import { useKeys } from '../parts/keys.js';
import { Dialogs, closeAll } from '../parts/dialog.js';
import { Toasts, Ghost, Trouble } from '../parts/messages.js';
import { AwayBanner } from './away-banner.js';
import { TopBar, focusPage } from './top-bar.js';
import { Announcer } from './announcer.js';
import { openPalette, openKeyList } from './open-palette.js';
import { later } from '../core/later.js';
import { count } from '../parts/format.js';

/** What the rail says beside a page. */
function noteOf(page, all) {
  const { running = 0, stalled = 0 } = all.machines.byOutcome, under = running + stalled;
  return { machines: count(all.machines.total), profiles: count(all.profiles), images: count(all.images),
    boots: under > 0 && `${count(under)} now`, jobs: all.runningJobs > 0 && `${count(all.runningJobs)} running` }[page];
}

function Rail() {
  useTotals();
  const ref = useRef(/** @type {HTMLElement | null} */ (null)), current = route.value.page;
  useEffect(() => { // on a phone it is a strip that scrolls
    const rail = ref.current, here = rail?.querySelector('[aria-current]');
    if (!rail || !(here instanceof HTMLElement)) return;
    rail.scrollLeft = here.offsetLeft - (rail.clientWidth - here.offsetWidth) / 2;
  }, [current]);
  return html`<nav class="rail" aria-label="Pages" ref=${ref}>${shownPages().map((page, at, all) => html`
  ${page.after && !all[at - 1].after && html`<hr key="rule"/>`}
  <a key=${page.id} href=${link(page.id)} aria-current=${current === page.id ? 'page' : undefined}>
    ${page.title}
    ${totals.value && html`<span>${noteOf(page.id, totals.value)}</span>`}</a>`)}</nav>`;
}

const LogInAgain = later(() => import('../access/log-in.js').then(module => module.LogInAgain));

/**
 * key: its page, and whether it is of one resource.
 * @typedef {{key: string, Page: import('preact').ComponentType<any> | null, problem: any}} Shown
 */

/** The page that is shown. */
const shown = signal(/** @type {Shown} */ ({ key: '', Page: null, problem: null }));

/** What is said of an address that leads nowhere, and of a page whose module did not come. */
const nowhere = { title: 'There is no such page', status: 404,
  detail: 'The address may have been typed wrongly, or this server does not have it.' };
const missing = { status: 0, detail: 'The server did not send it. It is tried again when the server answers.' };

/** How long a page's module may take, in milliseconds; one that comes later is shown all the same. */
const patience = 10_000;

function usePage() {
  const { page, name } = route.value, key = `${page}/${name === null ? '' : '+'}`;
  const known = paths.value !== null;
  useEffect(() => {
    if (!known || (shown.peek().key === key && shown.peek().Page)) return;
    let left = false; // a page that comes after another was asked for is not shown
    const entry = shownPages().find(entry => entry.id === page);
    if (!entry) { shown.value = { key, Page: null, problem: nowhere }; return; }
    const show = (Page, problem) => { clearTimeout(late); if (!left) shown.value = { key, Page, problem }; };
    const late = setTimeout(show, patience, null, missing);
    entry.load(name).then(module => show(module.default, null), () => show(null, missing));
    return () => { left = true; clearTimeout(late); };
  }, [key, known, away.value]);
  return { ...shown.value, name, here: shown.value.key === key };
}

const byHand = ['wheel', 'touchstart', 'keydown', 'pointerdown'];

/** Ends the way back that is under way. */
let halt = () => {};

/** Scrolls there as soon as so much of the page is drawn, unless somebody scrolls before or goes on. */
function scrollBack(to) {
  halt();
  const until = performance.now() + 10_000;
  let frame = 0;
  halt = () => {
    cancelAnimationFrame(frame);
    for (const name of byHand) removeEventListener(name, halt);
  };
  for (const name of byHand) addEventListener(name, halt, { passive: true });
  const step = () => {
    scrollTo(0, to);
    if (Math.abs(scrollY - to) > 1 && performance.now() < until) frame = requestAnimationFrame(step);
    else halt();
  };
  step();
}

function Content() {
  const { Page, problem, name, here } = usePage();
  const [error, reset] = useErrorBoundary();
  const at = route.value, { depth } = at, place = `${at.page}/${name ?? ''}`, first = useRef(true);
  useEffect(() => {
    if (error) reset();
    if (!first.current) closeAll();
    scrollBack(depth ?? 0);
    if (first.current) { first.current = false; return; }
    focusPage({ preventScroll: true });
  }, [place]);
  useEffect(() => { // another view of the same page
    if (depth !== null) scrollBack(depth);
  }, [at]);
  if (error) return html`<section class="panel"><${Trouble} what="This page broke" retry=${reset} problem=${{
    status: 0, detail: `It is a fault of the dashboard: ${error.message}. The machines are not concerned.` }}/>
      </section>`;
  if (problem && here) return html`<section class="panel"><${Trouble} problem=${problem}
    what="This page could not be loaded"/><p class="body"><a class="btn" href="#/">Overview</a></p></section>`;
  return Page && here ? html`<${Page} key=${place} name=${name}/>`
    : html`<section class="panel"><${Ghost} lines=${6}/></section>`;
}

export function Shell() {
  useKeys({ 'Ctrl+k': openPalette, '/': openPalette, '?': openKeyList });
  return html`<div class="app"><${TopBar}/><${Rail}/>
    <main id="main" tabindex="-1"><${AwayBanner}/><${Content}/></main></div>
    <${Dialogs}/>${interrupted.value && html`<${LogInAgain}/>`}<${Toasts}/><${Announcer}/>`;
}
