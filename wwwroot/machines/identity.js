// @ts-check
// What a machine is: as registered, and as it reports itself.
import { html } from '../core/ui.js';
import { Age } from '../parts/basics.js';

const names = { uuid: 'uuid', serial: 'serial', asset: 'asset', manufacturer: 'maker', product: 'product',
  arch: 'arch', platform: 'platform',
  ip: 'address', hostname: 'hostname', chip: 'network chip', version: 'iPXE' };
const words = { platform: { efi: 'UEFI', pcbios: 'BIOS' } };
const word = (name, value) => words[name]?.[value] ?? value;
const code = new Set(['uuid', 'serial', 'asset', 'ip', 'mac']);

/** Registered values count; where the machine says something else, both show. */
function Value({ name, machine }) {
  const reported = machine.identity?.[name], set = machine[name];
  const shown = set ?? reported;
  return html`<dd>${code.has(name) ? html`<code>${shown}</code>` : html`<bdi>${word(name, shown)}</bdi>`}${set
    && reported && set.toLowerCase() !== reported.toLowerCase()
    && html`<span class="sub">it says <bdi>${reported}</bdi></span>`}</dd>`;
}

/** What became another in the machine: "serial A → B". */
const Changes = ({ of }) => html`<dt>changed</dt><dd class="rows tight">${of.map(({ name, before, after, at }) =>
  html`<div key=${name + at}>${names[name] ?? name} ${before
    ? html`<bdi>${word(name, before)}</bdi> → <bdi>${word(name, after)}</bdi>`
    : html`<bdi>${word(name, after)}</bdi> added`} <span class="sub"><${Age} at=${at}/></span></div>`)}</dd>`;

export function Identity({ machine, up }) {
  const shown = Object.keys(names).filter(name => machine[name] ?? machine.identity?.[name]);
  return html`<header><h2>Identity</h2><small>
    ${machine.lastSeenAt ? html`last reported <${Age} at=${machine.lastSeenAt}/>` : 'never asked for a script'}</small>
      </header>
    <dl class="body kv"><dt>${machine.macs.length === 1 ? 'mac' : 'macs'}</dt><dd>
      ${machine.macs.length === 0 && html`<span class="muted">the first boot fills it in</span>`}
      ${machine.macs.map(mac => html`<code key=${mac}>${mac}</code> `)}</dd>
      ${shown.map(name => html`<dt key=${name}>${names[name]}</dt><${Value} name=${name} machine=${machine}/>`)}
      ${machine.firstSeenAt && html`<dt>first seen</dt><dd><${Age} at=${machine.firstSeenAt}/></dd>`}
      ${machine.reference && html`<dt>reference</dt><dd><bdi>
        ${[machine.reference.uuid, machine.reference.serial].filter(Boolean).join(', ')}</bdi>
        <span class="sub"><${Age} at=${machine.reference.setAt}/></span></dd>`}
      ${machine.identityChanges && html`<${Changes} of=${machine.identityChanges}/>`}</dl>
    ${up && html`<header><h2>Since it is up</h2><small><${Age} at=${up.at}/></small></header><dl class="body kv">
      ${up.addresses.length > 0 && html`<dt>addresses</dt><dd>
        ${up.addresses.map(address => html`<code key=${address}>${address}</code> `)}</dd>`}
      ${up.sshHostKeys.map(key => html`<dt key=${key}>ssh host key</dt><dd><code class="key">
        ${key.split(' ').slice(0, 2).join(' ')}</code></dd>`)}
      ${Object.entries(up.facts ?? {}).slice(0, 12)
        .map(([key, value]) => html`<dt key=${key}><bdi>${key}</bdi></dt><dd><bdi>
          ${typeof value === 'string' ? value : JSON.stringify(value)}</bdi></dd>`)}</dl>`}`;
}
