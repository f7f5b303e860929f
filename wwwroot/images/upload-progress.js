// @ts-check
// How far an upload is.
import { html } from '../core/ui.js';
import { byteProgress, duration, rate } from '../parts/format.js';

/** How far it is, in bytes, and bytes a second. @typedef {{done: number, total: number, rate: number | null}} Sent */

/**
 * Listens to an upload that begins now. Its bytes go once the user has logged in, so the rate counts from the first.
 * @param {number} total bytes of its files
 * @param {(sent: Sent) => void} set
 */
export function begun(total, set) {
  /** @type {{at: number, done: number} | null} */
  let first = null;
  set({ done: 0, total, rate: null });
  return (done, all) => {
    const at = performance.now();
    first ??= { at, done };
    set({ done, total: all, rate: done > first.done
      ? (done - first.done) / Math.max(.2, (at - first.at) / 1000) : null });
  };
}

/** @param {{sent: Sent | null}} props */
export const Sending = ({ sent }) => sent && html`<div data-state="running" role="status"><progress value=${sent.done}
    max=${sent.total} aria-label="Uploaded"></progress><div class="bar"><small>${sent.done < sent.total
  ? byteProgress(sent.done, sent.total) : 'Sent; the server checks and stores it.'}</small>
    <small class="push">${rate(sent.rate)}${sent.rate && sent.done < sent.total
      && `, ${duration((sent.total - sent.done) / sent.rate)} left`}</small></div></div>`;
