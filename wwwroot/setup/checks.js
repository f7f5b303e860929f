// @ts-check
// Whether the server's parts work, and what to look at when nothing happens.
import { html } from '../core/ui.js';
import { State } from '../parts/basics.js';

export const Checks = ({ setup, again }) => html`<header><h2>Health</h2><small>of each part</small>
  <button class="btn push" type="button" onClick=${again}>Check again</button></header>
  <div class="body"><ul class="rows">
    ${setup.checks.map(check => html`<li key=${check.name}><${State} is=${check.state}>${check.title}<//>
      ${check.detail && html`<span class="sub breakable">${check.detail}</span>`}</li>`)}</ul></div>`;

const troubles = [
  ['PXE-E53, no boot filename', 'The machine got an address, but not from the DHCP server you changed.'],
  ['iPXE starts over and over',
    'The line for iPXE itself is missing, the one with boot.ipxe: iPXE is handed itself again.'],
  ['Secure Boot violation', 'iPXE is not signed with a key that the machine knows: '
    + 'switch Secure Boot off in its firmware, or use a signed build of iPXE.'],
  ['It hangs at 0 %', 'The list of boots on Overview says at which phase, and for how long.'],
];

export const Troubles = () => html`<header><h2>Nothing happens?</h2></header><dl class="body rows">
  ${troubles.map(([what, why]) =>
  html`<div key=${what}><dt><b>${what}</b></dt><dd class="muted">${why}</dd></div>`)}</dl>`;
