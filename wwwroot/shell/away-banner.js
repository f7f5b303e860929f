// @ts-check
// What is said while the server does not answer.
import { html } from '../core/ui.js';
import { heardAt, link, nextTry, now, tryNow } from '../core/state.js';
import { clock, duration } from '../parts/format.js';

/** Across the page: values stay, are dated, and inputs are kept. */
export function AwayBanner() {
  if (link.value !== 'away') return null;
  const wait = Math.max(0, (nextTry.value - now.value) / 1000);
  return html`<div class="banner" data-state="stalled" role="status">
    <span class="state" data-state="stalled">Server away</span>
    <span>No answer for ${duration(Math.max(1, (now.value - heardAt.value) / 1000))}; trying again${wait >= 1
      ? ` in ${Math.ceil(wait)} s` : ' now'}.
      What you see is from ${clock(heardAt.value)}. Your input is kept.</span>
    <button class="btn push" type="button" onClick=${tryNow}>Try now</button></div>`;
}

/** Before anything could be loaded. */
export const Starting = () => html`<main class="login" id="main"><div class="rows" role="status"><h1>NetbootServer</h1>
  <p class="state" data-state="stalled">The server does not answer. Trying again every 2 s.</p></div></main>`;

const words = { connecting: ['queued', 'Connecting'], live: ['up', 'Live'], polling: ['queued', 'Polling'],
  away: ['stalled', 'Away'] };

/** Why it is not live although the server answers. */
const polled = 'Events do not come through; the server is asked again every few seconds. ';

export function LinkState() {
  const [is, word] = words[link.value];
  return html`<span class="state push" data-state=${is} title=${`${
    link.value === 'polling' ? polled : ''}Last heard at ${clock(heardAt.value)}`}>${word}
    </span>`;
}
