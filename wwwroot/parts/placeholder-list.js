// @ts-check
// Completion of placeholders: a list that opens after {{ and is gone through with the arrow keys.
import { html, useLayoutEffect, useMemo, useRef, useState } from '../core/ui.js';
import { usePlaceholders } from './placeholders.js';

let count = 0;

/** The placeholder that is being typed before the cursor. @returns {{start: number, typed: string} | null} */
function openAt(text, cursor) {
  const start = text.lastIndexOf('{{', cursor - 1), typed = text.slice(start + 2, cursor);
  return start < 0 || start + 2 > cursor || /[{}\n]/.test(typed) ? null : { start, typed: typed.trim() };
}

/** Puts a placeholder into a field; what is an example in it is selected, so that the next key replaces it. */
function put(field, from, to, text) {
  field.focus();
  field.setSelectionRange(from, to);
  // Unlike a new value it can be taken back with Ctrl Z.
  if (!document.execCommand('insertText', false, text)) {
    field.setRangeText(text, from, to, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  const example = /"([^"]*)"/.exec(text)?.[1] ?? /^\{\{ machine\.labels\.(\w+)/.exec(text)?.[1];
  if (example) {
    const at = from + text.lastIndexOf(example);
    field.setSelectionRange(at, at + example.length);
  }
}

/**
 * The list for a text area.
 * @param {{current: HTMLTextAreaElement | null}} area
 * @param {import('./placeholders.js').Placeholder[]} all
 */
function useCompletion(area, all) {
  const [open, setOpen] = useState(/** @type {{start: number, typed: string} | null} */ (null));
  const [at, setAt] = useState(0), id = useMemo(() => `placeholders-${++count}`, []);
  const found = open ? all.filter(({ name, text }) => name.startsWith(open.typed) || text.includes(open.typed)) : [];
  const look = () => {
    const field = area.current, next = field && openAt(field.value, field.selectionStart);
    if (next?.typed !== open?.typed) setAt(0);
    setOpen(next);
  };
  const choose = placeholder => {
    const field = area.current;
    if (!field || !open || !placeholder) return;
    const after = /^[^\S\n]*\}\}/.exec(field.value.slice(field.selectionStart))?.[0].length ?? 0;
    put(field, open.start, field.selectionStart + after, placeholder.text);
    setOpen(null);
  };
  const keys = event => {
    if (found.length === 0 || event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) setAt((at + by + found.length) % found.length);
    else if (event.key === 'Enter' || event.key === 'Tab') choose(found[at]);
    else if (event.key === 'Escape') setOpen(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const insert = placeholder => {
    const field = area.current;
    if (field) put(field, field.selectionStart, field.selectionEnd, placeholder.text);
  };
  return { id, found, at, keys, look, choose, insert, shut: () => setOpen(null) };
}

/** What is known of them goes with the name. */
const What = ({ of }) => html`<code>${of.text}</code><small>${of.meaning}${of.by === 'ipxe' && ' Filled in by iPXE.'}
  </small>`;

/** @param {ReturnType<typeof useCompletion>} props */
function Options({ id, found, at, choose }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => { list.current?.scrollIntoView({ block: 'nearest' }); }, []);
  useLayoutEffect(() => { list.current?.children[at]?.scrollIntoView({ block: 'nearest' }); }, [at, found.length]);
  return html`<ul ref=${list} id=${id} class="options" role="listbox" aria-label="Placeholders" tabindex="-1">
    ${found.map((one, index) => html`<li key=${one.name} id=${`${id}-${index}`} role="option"
      aria-selected=${index === at} onMouseDown=${event => { event.preventDefault(); choose(one); }}>
      <${What} of=${one}/></li>`)}</ul>`;
}

/** All of them; a click puts one in at the cursor. */
const Help = ({ all, insert, disabled }) => html`<details><summary>Placeholders</summary><dl class="kv names">
  ${all.map(one => html`<dt key=${one.name}><button class="at mono" type="button" title="Insert it at the cursor"
    disabled=${disabled} onMouseDown=${event => event.preventDefault()} onClick=${() => insert(one)}>${one.text}
    </button></dt><dd>${one.meaning}${one.by === 'ipxe' && ' Filled in by iPXE.'}</dd>`)}</dl></details>`;

/**
 * A text area whose placeholders are completed; one argument on a line.
 * @param {{value: string, set: (text: string) => void, rows: number, disabled?: boolean, aria: any,
 *   area: {current: HTMLTextAreaElement | null}}} props
 */
export function PlaceholderArea({ value, set, rows, disabled = false, aria, area }) {
  const all = usePlaceholders(), completion = useCompletion(area, all);
  const { id, found, at, keys, look, shut } = completion, isOpen = found.length > 0;
  return html`<textarea ...${aria} ref=${area} rows=${rows} value=${value} disabled=${disabled} spellcheck=${false}
      autocapitalize="off" aria-autocomplete=${all.length > 0 ? 'list' : undefined}
      aria-controls=${isOpen ? id : undefined} aria-activedescendant=${isOpen ? `${id}-${at}` : undefined}
      onKeyDown=${keys} onBlur=${shut} onInput=${event => { set(event.target.value); look(); }}
      onClick=${look}></textarea>
    <span class="vh" role="status">${isOpen && `${found.length} placeholders; choose with the arrow keys and Enter`}
      </span>
    ${isOpen && html`<${Options} ...${completion}/>`}
    ${all.length > 0 && html`<${Help} all=${all} insert=${completion.insert} disabled=${disabled}/>`}`;
}
