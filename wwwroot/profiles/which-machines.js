// @ts-check
// Which machines a selector matches now, which of them would get the profile, and what would change.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { plural } from '../parts/format.js';
import { machineState } from '../parts/boot-phases.js';
import { Age, State } from '../parts/basics.js';
import { Ghost } from '../parts/messages.js';

const most = 12;

/** Why a machine gets what it gets. */
const why = (gets, name) => gets?.by === 'machine' ? gets.name === name ? 'by name' : 'its own profile'
  : gets && gets.name !== name && 'matches better';

const Row = ({ machine, gets, name }) =>
  html`<tr><th scope="row"><a class="cut" dir="auto" href=${link('machines', machine.name)} title=${machine.name}>
    ${machine.name}</a></th>
  <td>${gets?.name === name ? 'this' : gets ? html`<a href=${link('profiles', gets.name)}>${gets.name}</a>` : 'none'}
    ${' '}${why(gets, name) && html`<small>${why(gets, name)}</small>`}</td>
  <td class="num"><${State} is=${machineState(machine).is}>
    <${Age} at=${machine.lastBoot?.startedAt ?? machine.lastSeenAt}/><//></td></tr>`;

const Change = ({ change, name }) => {
  const { from, to, machines } = change;
  return html`<small>${plural(machines, 'machine')} ${from === name ? 'would no longer get it'
    : html`would leave ${from ? html`<a href=${link('profiles', from)}>${from}</a>` : 'no profile'}`}${to && to !== name
      && html`, but <a href=${link('profiles', to)}>${to}</a>`}</small>`;
};

/**
 * @param {object} props
 * @param {ReturnType<typeof import('./draft-machines.js').useDraftMachines>} props.draft
 * @param {string} props.name of the profile
 */
export function WhichMachines({ draft: { machines, problem }, name }) {
  if (!machines) return problem ? html`<p class="body muted" role="status">Not known: ${problem.message}</p>`
    : html`<div class="body"><${Ghost} lines=${2}/></div>`;
  const { matching, getting, discovered, changes, items } = machines, elsewhere = matching - getting;
  return html`<div class="body rows" role="status"><div><b>${plural(matching, 'machine')} now</b> <small>
    ${matching > 0
      && `${getting} ${getting === 1 ? 'gets' : 'get'} this profile${elsewhere ? `, ${elsewhere} another` : ''}`}
      </small></div>
    ${changes.length > 0 && html`<div class="rows tight"><small>Once saved:</small>${changes.slice(0, most)
      .map(change => html`<${Change} key=${`${change.from} ${change.to}`} change=${change} name=${name}/>`)}</div>`}
      </div>
    ${items.length > 0 && html`<table><thead><tr><th scope="col">machine</th><th scope="col">gets</th>
      <th scope="col" class="num">last boot</th></tr></thead>
      <tbody>${items.slice(0, most).map(({ machine, gets }) =>
        html`<${Row} key=${machine.name} machine=${machine} gets=${gets} name=${name}/>`)}</tbody></table>`}
    ${(matching > most || discovered > 0)
      && html`<p class="foot"><a href=${link('machines', null, { profile: name })}>All that get it</a>
      ${discovered > 0 && html` <small>and ${plural(discovered, 'discovered machine')} once approved</small>`}</p>`}`;
}
