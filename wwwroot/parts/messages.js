// @ts-check
// What is said to people: empty lists, errors, notes, toasts. Each says what to do or what happens by itself.
import { html, signal, useEffect, useState } from '../core/ui.js';

/** @type {import('@preact/signals').Signal<{id: number, text: import('preact').ComponentChildren, undo?: () => unknown,
 *   until: number}[]>} */
export const toasts = signal([]);
let last = 0, timer = 0;

/**
 * Says what has happened; with a way back when there is one.
 * @param {import('preact').ComponentChildren} text
 * @param {{undo?: () => unknown, seconds?: number}} options
 */
export function toast(text, { undo, seconds = undo ? 15 : 8 } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, text, undo, until: performance.now() + seconds * 1000 }];
  expire();
}

/** Lets go of what has been said long enough; not while somebody is at it. */
function expire() {
  clearTimeout(timer);
  const now = performance.now(), busy = document.querySelector('.toasts')?.matches(':hover, :focus-within');
  if (!busy) toasts.value = toasts.value.filter(({ until }) => until > now + 50);
  if (toasts.value.length === 0) return;
  timer = setTimeout(expire, busy ? 2000 : Math.min(...toasts.value.map(({ until }) => until)) - now);
}

const dismiss = id => { toasts.value = toasts.value.filter(toast => toast.id !== id); };

/** Takes the last act back. @returns whether there was one */
export function undoLast() {
  const toast = toasts.value.findLast(toast => toast.undo);
  if (!toast?.undo) return false;
  dismiss(toast.id);
  toast.undo();
  return true;
}

export const Toasts = () => html`<div class="toasts" role="status" aria-live="polite">
  ${toasts.value.map(({ id, text, undo }) =>
  html`<div class="toast" key=${id}><span>${text}</span>${undo
    ? html`<button class="btn" type="button" onClick=${() => { dismiss(id); undo(); }}>Undo <kbd>Ctrl Z</kbd></button>`
    : html`<button class="btn plain icon" type="button" aria-label="Close" onClick=${() => dismiss(id)}>✕</button>`}
      </div>`)}</div>`;

export const Empty = ({ title, children, actions }) => html`<div class="empty"><h3>${title}</h3>
  ${children && html`<p>${children}</p>`}${actions && html`<div class="bar">${actions}</div>`}</div>`;

/** Why something could not be loaded or done. */
export const Trouble = ({ problem, what = 'This could not be loaded', retry, children }) =>
  html`<div class="empty" role="alert">
  <h3><span class="state" data-state="failed">${problem.status === 404 ? problem.title : what}</span></h3>
  <p>${problem.detail || problem.message} ${problem.type
    && html`<a href=${problem.type.slice(1)} target="_blank" rel="noreferrer">What this means</a>`}</p>
  <div class="bar">${retry && html`<button class="btn" type="button" onClick=${retry}>Try now</button>`}${children}
    ${problem.requestId && html`<small>${problem.status}, <code>request ${problem.requestId}</code></small>`}</div>
      </div>`;

/** The same in one line of a form or dialog. */
export const Refusal = ({ problem }) => problem && html`<p class="note" data-state="failed" role="alert">
  <span class="glyph" data-state="failed"></span><span><b>${problem.title ?? 'It did not work'}.</b> ${problem.detail
    || problem.message}</span></p>`;

export const Note = ({ is, children, action }) => html`<div class="note" data-state=${is}>
  ${is ? html`<span class="glyph" data-state=${is}></span>` : html`<span></span>`}<p>${children}</p>${action}</div>`;

/** Grey lines at the size of what comes; after a moment only, so that nothing flickers. */
export function Ghost({ lines = 3 }) {
  const [late, setLate] = useState(false);
  useEffect(() => { const timer = setTimeout(() => setLate(true), 300); return () => clearTimeout(timer); }, []);
  return html`<div class="body rows" aria-busy="true">${Array.from({ length: lines }, (_, at) =>
    html`<div key=${at} class=${late ? 'ghost' : 'ghost unseen'}></div>`)}<span class="vh">Loading</span></div>`;
}
