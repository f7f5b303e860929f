// @ts-check
// Which machines a selector matches now, and which of them get the profile.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { machines, profiles } from '../core/stores.js';
import { plural } from '../parts/format.js';
import { machineState } from '../parts/boot-phases.js';
import { bySelector, matches } from './draft-selector.js';
import { Age, State } from '../parts/basics.js';

const most = 12;

/** What a machine gets when the profile is as drafted. */
function gets(machine, draft, others) {
  if (machine.profile) return machine.profile === draft.name ? { name: draft.name, why: 'by name' }
    : { name: machine.profile, why: 'its own profile' };
  const best = bySelector({ ...machine, state: 'registered' }, others);
  return best?.name === draft.name ? { name: draft.name } : { name: best?.name, why: 'matches better' };
}

const Row = ({ machine, got, draft }) =>
  html`<tr><th scope="row"><a class="cut" dir="auto" href=${link('machines', machine.name)} title=${machine.name}>
    ${machine.name}</a></th>
  <td>${got.name === draft.name ? 'this' : html`<a href=${link('profiles', got.name)}>${got.name}</a>`} ${got.why
    && html`<small>${got.why}</small>`}</td>
  <td class="num"><${State} is=${machineState(machine).is}>
    <${Age} at=${machine.lastBoot?.startedAt ?? machine.lastSeenAt}/><//></td></tr>`;

export function WhichMachines({ draft }) {
  const others = [...profiles.items.value.values()].filter(profile => profile.name !== draft.name).concat(draft);
  const registered = [...machines.items.value.values()].filter(machine => machine.state === 'registered');
  const found = registered.filter(machine => machine.profile === draft.name || matches(draft.selector, machine))
    .map(machine => ({ machine, got: gets(machine, draft, others) }))
      .sort((left, right) => left.machine.name < right.machine.name ? -1 : 1);
  const mine = found.filter(({ got }) => got.name === draft.name).length, elsewhere = found.length - mine;
  const discovered = [...machines.items.value.values()].filter(machine => machine.state === 'discovered'
    && matches(draft.selector, { ...machine, state: 'registered' })).length;
  return html`<div class="body" role="status"><b>${plural(found.length, 'machine')} now</b> <small>
    ${found.length > 0
      && `${mine} ${mine === 1 ? 'gets' : 'get'} this profile${elsewhere ? `, ${elsewhere} another` : ''}`}${
      machines.partial.value ? ', of those loaded here' : ''}</small></div>
    ${found.length > 0 && html`<table><thead><tr><th scope="col">machine</th><th scope="col">gets</th>
      <th scope="col" class="num">last boot</th></tr></thead>
      <tbody>${found.slice(0, most)
        .map(({ machine, got }) => html`<${Row} key=${machine.name} machine=${machine} got=${got} draft=${draft}/>`)}
          </tbody></table>`}
    ${(found.length > most || discovered > 0)
      && html`<p class="foot"><a href=${link('machines', null, { profile: draft.name })}>All that get it</a>
      ${discovered > 0 && html` <small>and ${plural(discovered, 'discovered machine')} once approved</small>`}</p>`}`;
}
