// @ts-check
// One machine of the list.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { may } from '../core/session.js';
import { mayChange } from '../parts/managed.js';
import { active } from '../parts/boots-under-way.js';
import { motionOf } from '../parts/boot-bytes.js';
import { now } from '../core/state.js';
import { drop } from './machine-acts.js';
import { briefly, machineState } from '../parts/boot-phases.js';
import { Age, Id, State, Tags } from '../parts/basics.js';
import { Menu } from '../parts/menu.js';
import { columns, isNarrow } from '../parts/width.js';
import { openAssign, openLabel, openNext } from './bulk-dialogs.js';
import { openApprove } from './machine-dialogs.js';

export const GroupRow = ({ group, list, onApproveAll }) => {
  const all = group === 'discovered'
    ? list.map(entry => entry.machine)
      .filter(machine => machine.effectiveProfile) : [];
  return html`<tr class="group vrow"><th colspan=${columns.value} scope="rowgroup"><div class="bar">
    ${group === 'discovered' ? html`<b class="state" data-state="discovered">Discovered</b><small>
      ${list.length}; they wait for your decision</small>
      ${all.length > 0 && may('operator')
        && html`<button class="btn push" type="button"
          onClick=${() => onApproveAll(all)}>Approve all that match…</button>`}`
      : html`<b>Registered</b><small>${list.length}</small>`}</div></th></tr>`;
};

/** What stands below the name. */
const second = machine => machine.state === 'discovered'
  ? [[machine.identity?.manufacturer, machine.identity?.product].filter(Boolean).join(' '), machine.identity?.arch,
    machine.identity?.ip].filter(Boolean).join(' · ') || machine.macs[0]
  : machine.macs[0] ?? machine.serial ?? machine.uuid;

/** Where its boot stands, when one is under way. */
function Standing({ machine }) {
  const boot = machine.lastBoot && active.value.get(machine.lastBoot.id);
  const { is, word } = boot ? { is: boot.outcome, word: boot.outcome } : machineState(machine);
  const sub = boot ? briefly(boot, motionOf(boot.id), now.value)
    : machine.nextBoot ? `next: ${machine.nextBoot.profile ?? machine.nextBoot.action}` : machine.completion
      ? 'boots from disk since' : '';
  return html`<${State} is=${is}>${word}<//>${sub && html`<span class="sub cut" title=${sub}>${sub}</span>`}`;
}

const items = machine => [
  { text: 'Open', href: link('machines', machine.name) },
  ...mayChange(machine) ? [{ text: 'Edit…', href: link('machines', machine.name, { edit: '' }) },
    { text: 'Assign profile…', act: () => openAssign([machine]) },
    { text: 'Labels…', act: () => openLabel([machine]) }] : [],
  ...may('operator') ? [{ text: 'Next boot…', act: () => openNext([machine]) }] : [],
  ...mayChange(machine) ? [{ text: 'Delete…', act: () => drop([machine]) }] : [],
];

/** On a phone whose rows are being chosen the whole row is what the finger hits. */
const choosing = act => event => {
  if (event.target instanceof HTMLInputElement || !isNarrow()) return;
  event.preventDefault();
  act();
};

export function MachineRow({ machine, profile, version, index, chosen, here, marking, toggle }) {
  const discovered = machine.state === 'discovered';
  return html`<tr class=${here ? 'vrow here' : 'vrow'} data-state=${discovered ? 'discovered' : undefined}
    aria-selected=${chosen} aria-rowindex=${index + 1}
    onClick=${marking ? choosing(() => toggle(machine.name, false)) : undefined}>
    <td class=${marking ? 'c-box' : 's-hide c-box'}>
      <input type="checkbox" aria-label=${`Select ${machine.name}`} checked=${chosen}
      onClick=${event => toggle(machine.name, event.shiftKey)}/></td>
    <th scope="row">${marking && isNarrow()
      ? html`<span class="cut" dir="auto" title=${machine.name}>${machine.name}</span>`
      : html`<a class="cut" dir="auto" title=${machine.name} href=${link('machines', machine.name)}>
        ${machine.name}</a>`}
      <span class=${discovered ? 'sub cut' : 'sub cut mono'} title=${second(machine)}>${second(machine)}</span></th>
    <td class="c-state"><${Standing} machine=${machine}/></td>
    <td class="s-hide c-profile">
      ${profile ? html`<span class=${discovered ? 'muted cut' : 'cut'} title=${profile.name}>
        ${discovered ? 'would match ' : ''}${profile.name}</span>${
      !discovered && !machine.profile && html`<span class="sub">by labels</span>`}`
        : html`<span class="muted">${discovered ? 'no profile matches' : 'none'}</span>`}</td>
    <td class="m-only c-image">
      ${profile && !discovered ? html`<span class="cut mono" title=${profile.image}>${profile.image}</span>
        <span class="sub"><${Id} of=${version}/></span>` : html`<span class="muted">–</span>`}</td>
    <td class="l-only"><span class="tags"><${Tags} of=${machine.labels}/></span></td>
    <td class="num s-hide c-seen"><${Age} at=${machine.lastSeenAt}/></td>
    <td class=${marking ? 'num s-hide c-act' : 'num c-act'}>${discovered && may('operator')
      ? html`<button class="btn" type="button" onClick=${() => openApprove(machine)}>Approve…</button>`
      : html`<${Menu} label=${`Actions for ${machine.name}`} plain items=${items(machine)}/>`}</td></tr>`;
}
