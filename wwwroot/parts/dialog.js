// @ts-check
// Native dialogs: Esc closes, the focus goes back to where it was.
import { html, signal, useLayoutEffect, useMemo, useRef } from '../core/ui.js';
import { rememberFocus } from './focus.js';

/** @typedef {{id: number, draw: (close: (result?: any) => void) => any, done: (result: any) => void}} Held */
/** @type {import('@preact/signals').Signal<Held[]>} */
const open = signal([]);
let last = 0, titles = 0;

/** Whether a dialog is open; single-key shortcuts rest meanwhile. */
export const isOpen = () => open.value.length > 0;

/** Opens a dialog and waits for its end. @param {(close: (result?: any) => void) => any} draw */
export function show(draw) {
  return new Promise(done => { open.value = [...open.value, { id: ++last, draw, done }]; });
}

function close(id, result) {
  const dialog = open.value.find(dialog => dialog.id === id);
  open.value = open.value.filter(dialog => dialog.id !== id);
  dialog?.done(result);
}

/** Closes what belongs to a page that is left. */
export function closeAll() {
  for (const { id } of open.peek()) close(id);
}

/** Draws the open dialogs; once in the shell. */
export const Dialogs = () => open.value.map(({ id, draw }) =>
  html`<${Held} key=${id} draw=${draw} close=${result => close(id, result)}/>`);

const Held = ({ draw, close }) => draw(close);

/** A dialog's frame. Give it a form's onSubmit to have Enter work. */
export function Dialog({ title, close, children, footer, wide = false, palette = false, onSubmit }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null)), id = useMemo(() => `dialog-${++titles}`, []);
  useLayoutEffect(() => { // at once: what is typed next belongs to it
    const dialog = ref.current, giveBack = rememberFocus();
    dialog?.showModal();
    const first = /** @type {HTMLElement | null | undefined} */ (dialog?.querySelector('[autofocus]')
      ?? dialog?.querySelector('input:not([type=hidden]), select, textarea'));
    first?.focus({ preventScroll: true });
    return () => { dialog?.close(); giveBack(); }; // what is behind an open dialog takes no focus
  }, []);
  const inner = html`<header><h2 id=${id}>${title}</h2></header><div class="body rows">${children}</div><footer>
    ${footer}</footer>`;
  return html`<dialog ref=${ref} class=${wide ? 'wide' : palette ? 'palette' : ''}
    aria-label=${palette ? title : undefined}
      aria-labelledby=${palette ? undefined : id} onCancel=${event => { event.preventDefault(); close(); }}
      onClick=${event => { if (event.target === ref.current && palette) close(); }}>
    ${palette ? children : onSubmit
      ? html`<form novalidate onSubmit=${event => { event.preventDefault(); onSubmit(); }}>${inner}</form>` : inner}
  </dialog>`;
}

/** Asks before something that cannot be undone. @returns {Promise<boolean>} */
export const ask = ({ title, text, action, keep = 'Cancel' }) =>
  show(close => html`<${Dialog} title=${title} close=${close} footer=${html`
  <button class="btn" type="button" autofocus onClick=${() => close(false)}>${keep}</button>
  <button class="btn danger" type="button" onClick=${() => close(true)}>${action}</button>`}><p>${text}</p><//>`)
    .then(Boolean);
