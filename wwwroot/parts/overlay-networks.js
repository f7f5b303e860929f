// @ts-check
// The interfaces of an overlay: addresses, gateways, routes, DNS.
import { html, useLayoutEffect, useRef, useState } from '../core/ui.js';
import { Field } from './form.js';
import { lines } from './format.js';
import { read, write } from './overlay-fields.js';

const routeOf = line => {
  const [destination, gateway = ''] = line.split(/\s+via\s+|\s+/);
  return { destination, gateway };
};

const textOf = {
  addresses: list => list.join('\n'), dns: list => list.join('\n'),
  routes: list => list.map(({ destination, gateway }) => `${destination} via ${gateway}`.trim()).join('\n'),
};

const valueOf = { addresses: lines, dns: lines, routes: text => lines(text).map(routeOf) };

/** The first fault in a list, with its line. */
function faultIn(form, path, list) {
  for (const at of list.keys()) {
    const fault = form.errorBelow(`${path}[${at}]`);
    if (fault) return list.length > 1 ? `Line ${at + 1} ${fault}` : fault;
  }
  return form.errorBelow(path);
}

export function Networks({ form }) {
  const all = read(form.get('network')) ?? [], set = list => form.set('network', write(list));
  return html`<fieldset class="rows"><legend class="label">Networks</legend>
    ${all.map((network, at) => html`<${Network} key=${at} ...${{ form, network, at }}
      put=${next => set(all.map((other, index) => index === at ? next : other))}
      drop=${() => set(all.filter((_, index) => index !== at))}/>`)}
    ${form.error('$.network') && html`<p class="error" role="alert">${form.error('$.network')}</p>`}
    <div class="bar"><button class="btn add" type="button" onClick=${() => set([...all, { mac: '', dhcp: true }])}>
      Add an interface</button>${all.length === 0 && html`<small>Without one the system asks DHCP, or does as its image
        says.</small>`}</div></fieldset>`;
}

function Network({ form, network, at, put, drop }) {
  const path = `$.network[${at}]`, change = (name, value) => {
    const { [name]: _, ...rest } = network;
    put(value === '' || value === false || (Array.isArray(value) && value.length === 0) ? rest
      : { ...rest, [name]: value });
  };
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => { if (!network.mac) field.current?.focus(); }, []); // it was added just now
  const away = event => { event.currentTarget.closest('fieldset').querySelector('.add').focus(); drop(); };
  const text = (name, label, hint) => html`<${Field} label=${label} hint=${hint} error=${form.error(`${path}.${name}`)}>
    ${aria => html`<input ...${aria} class="mono" autocomplete="off" spellcheck=${false} value=${network[name] ?? ''}
      onInput=${event => change(name, event.target.value.trim())}/>`}<//>`;
  return html`<div class="item rows" role="group" aria-label=${`Interface ${network.mac || at + 1}`}>
    <div class="cols mac"><${Field} label="MAC address" error=${form.error(`${path}.mac`)}>${aria =>
      html`<input ...${aria} ref=${field} class="mono" autocomplete="off" value=${network.mac}
        onInput=${event => put({ ...network, mac: event.target.value.trim() })}/>`}<//>
      <label class="check"><input type="checkbox" checked=${network.dhcp ?? false}
        onChange=${event => change('dhcp', event.target.checked)}/>Ask DHCP, too</label></div>
    <div class="cols"><${List} ...${{ form, path, network, change }} name="addresses" label="Addresses"
      hint="One on a line, with its prefix: 10.0.0.7/24"/>
      <${List} ...${{ form, path, network, change }} name="dns" label="DNS servers" hint="One on a line"/></div>
    <div class="cols">${text('gateway4', 'IPv4 gateway')}${text('gateway6', 'IPv6 gateway')}</div>
    <${List} ...${{ form, path, network, change }} name="routes" label="Routes"
      hint="One on a line: 10.1.0.0/16 via 10.0.0.1"/>
    <button class="btn" type="button" onClick=${away}
      aria-label=${`Remove interface ${network.mac || at + 1}`}>Remove</button></div>`;
}

/** Lines of values; they stay as typed while they mean the same. */
function List({ form, path, network, change, name, label, hint }) {
  const list = network[name] ?? [], [typed, setTyped] = useState(textOf[name](list));
  const same = JSON.stringify(valueOf[name](typed)) === JSON.stringify(list);
  const write = event => { setTyped(event.target.value); change(name, valueOf[name](event.target.value)); };
  return html`<${Field} label=${label} hint=${hint} error=${faultIn(form, `${path}.${name}`, list)}>${aria =>
    html`<textarea ...${aria} rows="2" spellcheck=${false} value=${same ? typed : textOf[name](list)} onInput=${write}>
      </textarea>`}<//>`;
}
