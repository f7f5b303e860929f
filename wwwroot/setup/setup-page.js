// @ts-check
// What is around the server: DHCP, addresses, and whether its parts work.
import { html } from '../core/ui.js';
import { useResource } from '../core/resource.js';
import { useTitle } from '../core/title.js';
import { Copy } from '../parts/basics.js';
import { Checks, Troubles } from './checks.js';
import { Dhcp } from './dhcp.js';
import { Ghost, Trouble } from '../parts/messages.js';

const Addresses = ({ setup }) => html`<header><h2>Addresses</h2><small>where machines reach it</small></header>
  <div class="scroll"><table><thead><tr><th scope="col">address</th>
  <th scope="col">interface</th><th scope="col" class="s-hide">network</th><th scope="col">
    <span class="vh">actions</span></th></tr></thead>
  <tbody>${setup.addresses.map(entry => html`<tr key=${entry.url}><th scope="row"><code>${entry.url}</code></th><td>
    ${entry.interface ?? 'PublicUrl'}</td>
    <td class="s-hide"><code>${entry.network ?? '–'}</code></td><td class="num">
      <${Copy} text=${`${entry.url}/boot.ipxe`} plain>Copy script URL<//></td></tr>`)}</tbody></table></div>`;

export default function Setup() {
  useTitle('Setup');
  const setup = useResource('setup', { poll: false });
  return html`<div class="head"><h1>Setup</h1><small>DHCP, addresses, health</small></div>
    ${setup.problem && !setup.data
      ? html`<section class="panel"><${Trouble} problem=${setup.problem} retry=${setup.reload}/></section>`
        : !setup.data ? html`<section class="panel"><${Ghost} lines=${8}/></section>`
      : html`<section class="panel w8" aria-label="DHCP"><header><h2>Point DHCP here</h2></header>
        <div class="body rows">
          <p>Paste this into the DHCP server of the machines’ network, then restart it.</p>
            <${Dhcp} setup=${setup.data}/></div><${Addresses} setup=${setup.data}/></section>
        <aside class="panel w4" aria-label="Checks"><${Checks} setup=${setup.data} again=${setup.reload}/>
          <${Troubles}/></aside>`}`;
}
