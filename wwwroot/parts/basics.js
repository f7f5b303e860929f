// @ts-check
// The smallest pieces: a state, an age, an icon, a tag, a copy button.
import { html, useState } from '../core/ui.js';
import { now } from '../core/state.js';
import { age, exact } from './format.js';

/** A state: shape, word, colour. */
export const State = ({ is, badge = false, children }) =>
  html`<span class=${badge ? 'state badge' : 'state'} data-state=${is}>${children ?? is}</span>`;

/** How long ago, or in how long; the exact time on hover. */
export function Age({ at, none = 'never' }) {
  if (!at) return html`<span class="muted">${none}</span>`;
  return html`<time datetime=${at} title=${exact(at)}>${age(Date.parse(at), now.value)}</time>`;
}

const icons = {
  brand: 'M1 3h12M1 7h8M1 11h4',
  find: 'M6 2a4 4 0 1 0 0 8 4 4 0 1 0 0-8M9 9l4 4',
};

export const Icon = ({ name }) =>
  html`<svg class="i" viewBox="0 0 14 14" aria-hidden="true"><path d=${icons[name]}/></svg>`;

export const Tag = ({ children, onRemove, label }) => html`<span class="tag" title=${label}>${children}${onRemove
  && html` <button class="x" type="button" aria-label=${`Remove ${label}`} onClick=${onRemove}>✕</button>`}</span>`;

/** Labels or a selector as tags. */
export const Tags = ({ of }) => Object.entries(of ?? {})
  .map(([key, value]) => html`<${Tag} key=${key} label=${`${key}=${value}`}>${key}=${value}<//> `);

/** A field whose text counts once it is left or Enter is pressed; it stays as typed until then, however often its page
 *  is drawn anew. */
export function Typed({ value, choose, ...rest }) {
  const [typed, setTyped] = useState(null);
  const chosen = event => { setTyped(null); choose(event.target.value.trim()); };
  return html`<input ...${rest} type="search" value=${typed ?? value} onInput=${event => setTyped(event.target.value)}
    onChange=${chosen} onBlur=${() => setTyped(null)}/>`;
}

/** Copies text; says so for a moment. */
export function Copy({ text, children = 'Copy', plain = false }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copyText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button class=${plain ? 'btn plain' : 'btn'} type="button" onClick=${copy}><span aria-live="polite">
    ${done ? 'Copied' : children}</span></button>`;
}

/** Browsers give the clipboard only to secure pages; a lab's server speaks plain HTTP. */
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'vh';
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

/** A version or digest: eight characters, all of them on hover. */
export const Id = ({ of, prefix = '' }) => of
  ? html`<code title=${of}>${prefix}${of.slice(0, 8)}</code>` : html`<span class="muted">–</span>`;

/** Text in a code block with a button that copies it. */
export const Code = ({ text, label, wrap = false, children }) => html`<div class="copy"><${Copy} text=${text}/>
  <pre class=${wrap ? 'code wrap' : 'code'} tabindex="0" role="region" aria-label=${label}>${children ?? text}</pre>
    </div>`;

/** Dims comments of a script or configuration. */
export const commented = (text, sign = '#') => text.split('\n').map((line, at) =>
  line.trimStart().startsWith(sign) ? html`<span key=${at} class="c">${line}${'\n'}</span>` : `${line}\n`);
