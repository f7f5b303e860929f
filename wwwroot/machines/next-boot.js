// @ts-check
// What a machine gets at its next boot only.
import { html, useState } from '../core/ui.js';
import { link } from '../core/router.js';
import { may } from '../core/session.js';
import { machines, profiles } from '../core/stores.js';
import { bootNext, takeBack } from './machine-acts.js';
import { now } from '../core/state.js';
import { duration } from '../parts/format.js';
import { profileOf } from '../parts/profile-of.js';
import { Age } from '../parts/basics.js';
import { Note } from '../parts/messages.js';

const actions = { local: 'the local disk', menu: 'a menu', shell: 'the iPXE shell' };

/** Seconds: a machine that was told to wait, and is on, asks at least so often. */
const patience = 30;

/** When a machine that was told to wait asked last, as a sentence; empty when nothing says that it still waits. */
export function asksAgain(machine) {
  const since = machine.lastSeenAt && (now.value - Date.parse(machine.lastSeenAt)) / 1000;
  const waits = since && since < 3 * patience
    && !['running', 'stalled', 'ready', 'up'].includes(machine.lastBoot?.outcome);
  return waits ? `It asked ${duration(Math.max(1, since))} ago; while it waits it asks every ${patience} s.` : '';
}

/** When it will happen. */
const When = ({ machine }) => asksAgain(machine) ? `It happens when the machine asks. ${asksAgain(machine)}`
  : 'It happens when the machine starts next.';

function Set({ machine, back }) {
  const { profile, action, setAt } = machine.nextBoot;
  return html`<${Note} action=${may('operator')
    && html`<button class="btn" type="button" onClick=${back}>Take back</button>`}>
    <b>${profile ? html`<a href=${link('profiles', profile)}>${profile}</a>` : actions[action]}, once.</b> <${When}
      machine=${machine}/> Then it boots as before.
    <span class="sub">set <${Age} at=${setAt}/></span><//>`;
}

export function NextBoot({ machine, set }) {
  const usual = profileOf(machine, profiles.items.value), names = [...profiles.items.value.keys()].sort();
  const [wanted, setWanted] = useState(null), [busy, setBusy] = useState(false);
  const choice = wanted ?? names.find(name => name !== usual?.name) ?? names[0] ?? '';
  const refresh = () => set(machines.items.peek().get(machine.name) ?? machine);
  const act = async next => { setBusy(true); await bootNext([machine], next); setBusy(false); refresh(); };
  const back = async () => { await takeBack([machine]); set({ ...machine, nextBoot: undefined }); };
  return html`<header><h2>Next boot</h2></header><div class="body rows">
    ${machine.nextBoot ? html`<${Set} machine=${machine} back=${back}/>`
      : html`<p>${machine.completion
        ? html`Boots its <b>local disk</b>, since ${machine.completion.profile} has succeeded.`
        : usual ? html`Boots <b>${usual.name}</b>, as always.` : 'Waits: no profile is for it.'}${may('operator')
          && ' Choose something else for one time:'}</p>`}
    ${may('operator') && html`<div class="bar">
      ${names.length > 0 && html`<select class="auto cut" aria-label="Profile for one boot" value=${choice}
        onChange=${event => setWanted(event.target.value)}>
      ${names.map(name => html`<option key=${name} value=${name} selected=${name === choice}>${name}</option>`)}
        </select>
      <button class="btn" type="button" disabled=${busy} onClick=${() => act({ profile: choice })}>Boot once</button>`}
      <button class="btn" type="button" disabled=${busy} onClick=${() => act({ action: 'local' })}>Local disk</button>
      <button class="btn" type="button" disabled=${busy} onClick=${() => act({ action: 'menu' })}>Menu</button>
      <button class="btn" type="button" disabled=${busy} onClick=${() => act({ action: 'shell' })}>iPXE shell</button>
        </div>`}</div>`;
}
