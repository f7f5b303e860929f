// @ts-check
// Search, states, profile and labels above the list of machines; all of them stand in the address.
import { html, useState } from '../core/ui.js';
import { setQuery } from '../core/router.js';
import { profiles } from '../core/stores.js';
import { count } from '../parts/format.js';
import { State, Tag } from '../parts/basics.js';

const states = ['discovered', 'running', 'stalled', 'failed', 'ready', 'up', 'unknown', 'queued'];
const words = { queued: 'no boot yet' };

/** @param {{list: ReturnType<typeof import('./machine-list.js').useMachineList>, children?: any}} props */
export function Filters({ list, children }) {
  const { wanted, counts, entries } = list;
  const [label, setLabel] = useState(/** @type {string | null} */ (null));
  const toggle = state => setQuery({ state: wanted.state === state ? null : state });
  const setLabels = labels => setQuery({ label: labels.join(' ') });
  return html`<header><h2 class="vh">Filters</h2>
    <input class="search" type="search" id="machine-search" aria-label="Search machines"
      placeholder="Name, MAC, serial, address, label=value"
      value=${wanted.q} onInput=${event => setQuery({ q: event.target.value })}/>
    <span class="bar"><select class="auto" aria-label="Profile" value=${wanted.profile}
      onChange=${event => setQuery({ profile: event.target.value })}>
        <option value="">Any profile</option>
          ${[...profiles.items.value.keys()].sort().map(name => html`<option key=${name} value=${name}
          selected=${name === wanted.profile}>${name}</option>`)}</select>
      ${wanted.labels.map(text => html`<${Tag} key=${text} label=${`filter ${text}`}
        onRemove=${() => setLabels(wanted.labels.filter(other => other !== text))}>${text}<//>`)}
      ${label === null ? html`<button class="btn plain" type="button" onClick=${() => setLabel('')}>Label…</button>`
        : html`<input class="auto mono" aria-label="Label, such as rack=3" placeholder="rack=3" size="14"
          value=${label} ref=${element => element?.focus()}
          onBlur=${() => setLabel(null)} onInput=${event => setLabel(event.target.value)} onKeyDown=${event => {
            if (event.key === 'Escape') setLabel(null);
            if (event.key === 'Enter' && label.trim()) { setLabels([...wanted.labels, label.trim()]); setLabel(null); }
          }}/>`}${children}</span>
    <span class="bar strip" role="group" aria-label="State">
      <button class="btn" type="button" aria-pressed=${!wanted.state} onClick=${() => setQuery({ state: null })}>
        All ${count(entries.length)}</button>
      ${states.filter(state => counts[state] || wanted.state === state)
        .map(state => html`<button class="btn" type="button" key=${state}
        aria-pressed=${wanted.state === state}
        aria-label=${`${counts[state] ?? 0} ${words[state] ?? state}`}
          onClick=${() => toggle(state)}>
        <${State} is=${state}>${count(counts[state] ?? 0)} <span class="l-only">${words[state] ?? state}</span><//>
          </button>`)}</span></header>`;
}
