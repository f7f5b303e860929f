// @ts-check
// A secret in a form: one that is stored shows when it was set and its fingerprint, and nothing brings it back.
import { html } from '../core/ui.js';
import { Age } from './basics.js';
import { isKept } from './overlay-fields.js';

/**
 * @param {object} props
 * @param {string} props.name what it is: "root password hash"
 * @param {import('./overlay-fields.js').Secret} props.value
 * @param {import('./overlay-fields.js').Secret} [props.before] as it is stored
 * @param {(value: import('./overlay-fields.js').Secret) => void} props.set
 * @param {string} [props.error]
 * @param {string} [props.hint]
 * @param {(event?: Event) => void} [props.drop] removes it with what it belongs to
 * @param {boolean} [props.many] whether it has lines
 */
export function SecretPart({ name, value, before = null, set, error, hint, drop = () => set(null), many = false }) {
  if (isKept(value)) return html`<div class="bar"><span>Set <${Age} at=${value.setAt} none=""/></span>
    <${Fingerprint} of=${value}/>
    <button class="btn" type="button" aria-label=${`Replace ${name}`} onClick=${() => set('')}>Replace…</button>
    <button class="btn" type="button" aria-label=${`Remove ${name}`} onClick=${drop}>Remove</button></div>`;
  if (value === null) return html`<div class="bar"><span class="muted">not set</span>
    <button class="btn" type="button" aria-label=${`Set ${name}`} onClick=${() => set('')}>Set…</button></div>`;
  const text = { 'aria-label': `New ${name}`, autocomplete: 'off', spellcheck: false, value,
    'aria-invalid': error ? 'true' : undefined, onInput: event => set(event.target.value) };
  return html`<div class="field">${many ? html`<textarea ...${text} rows="4"></textarea>`
    : html`<input ...${text} class="mono"/>`}
    ${error ? html`<p class="error" role="alert">${error}</p>` : hint && html`<small>${hint}</small>`}
    <div class="bar"><button class="btn" type="button" onClick=${() => isKept(before) ? set(before) : drop()}>
      ${isKept(before) ? 'Keep the one that is set' : 'Leave it out'}</button></div></div>`;
}

export const Fingerprint = ({ of }) => html`<small>fingerprint <code title=${of.fingerprint}>
  ${of.fingerprint.slice(0, 12)}</code></small>`;
