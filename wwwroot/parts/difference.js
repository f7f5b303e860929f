// What changes from one version to another.
import { html } from '../ui.js';
import { bytes, short } from './format.js';
import { Empty } from './messages.js';

const roles = ['kernel', 'initrd', 'kexec', 'kexec-noninteractive', 'iso'];

/** Everything of a version that can differ, as texts. */
function facts(version) {
  const all = new Map();
  const systems = Object.keys(version.systems).sort();
  all.set('systems', systems.join(', '));
  for (const system of systems) {
    const of = version.systems[system], prefix = systems.length > 1 ? `${system} ` : '';
    for (const role of roles) if (of[role]) all.set(prefix + role,
      `${bytes(of[role].sizeBytes)}, ${short(of[role].sha256)}`);
    all.set(`${prefix}arguments`, of.kernelArguments?.join(' ') ?? '');
    const variants = Object.keys(of.variants ?? {});
    if (variants.length) all.set(`${prefix}variants`, variants.join(', '));
  }
  for (const [key, value] of Object.entries(version.provenance ?? {})) all.set(`from ${key}`,
    typeof value === 'string' ? value : JSON.stringify(value));
  return all;
}

export function Difference({ newer, older }) {
  const from = facts(older), to = facts(newer);
  const rows = [...new Set([...from.keys(), ...to.keys()])].filter(key => from.get(key) !== to.get(key));
  return html`<header><h2>What ${short(newer.id)} changes</h2><small>against ${short(older.id)}${older.current
    ? ', current' : ''}</small></header>
    ${rows.length === 0 ? html`<${Empty} title="Nothing that shows here"/>` : html`<div class="scroll"><table><thead>
      <tr><th scope="col">what</th><th scope="col">difference</th></tr></thead>
      <tbody class="diff">${rows.map(key => html`<tr key=${key}><th scope="row">${key}</th><td>
        ${from.get(key) && html`<del>${from.get(key)}</del>`}${to.get(key)
        && html`<ins>${to.get(key)}</ins>`}</td></tr>`)}</tbody></table></div>`}`;
}
