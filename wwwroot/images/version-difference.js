// @ts-check
// What changes from one version to another.
import { html } from '../core/ui.js';
import { bytes, short } from '../parts/format.js';
import { Empty } from '../parts/messages.js';

/** The files of a recipe, each with what it is called. */
const filesOf = recipe => [['kernel', recipe.kernel], ['efi', recipe.efi],
  ...recipe.initrds.map((initrd, i) => [i === 0 ? 'initrd' : `initrd${i + 1}`, initrd]), ['shim', recipe.shim],
  ...Object.entries(recipe.files ?? {}).map(([name, file]) => [`files/${name}`, file]), ['kexec', recipe.kexec],
  ['kexec-noninteractive', recipe.kexecNoninteractive], ['iso', recipe.iso]].filter(([, file]) => file);
const noise = /(^|\.)(sha256|sizeBytes|gcRoots)$/; // told above already, or of no use to people

/** Every leaf of a provenance under its path. */
function leaves(value, path, into) {
  if (value === null || value === undefined || noise.test(path)) return into;
  if (typeof value === 'object' && !Array.isArray(value))
    for (const [key, part] of Object.entries(value)) leaves(part, path ? `${path}.${key}` : key, into);
  else into.set(path, Array.isArray(value) ? value.join(', ') : String(value));
  return into;
}

/** What one recipe loads, and its arguments. */
function addRecipe(all, prefix, recipe) {
  for (const [role, { sha256, sizeBytes, kernelVersion }] of filesOf(recipe))
    all.set(prefix + role, { text: kernelVersion ?? bytes(sizeBytes), size: sizeBytes, digest: sha256 });
  all.set(`${prefix}arguments`, { list: recipe.kernelArguments ?? [] });
}

/** Everything of a version that can differ, as texts; arguments stay a list. */
function facts(version) {
  const all = new Map(), systems = Object.keys(version.systems).sort();
  all.set('systems', { text: systems.join(', ') });
  for (const system of systems) {
    const of = version.systems[system], prefix = systems.length > 1 ? `${system} ` : '';
    addRecipe(all, prefix, of);
    for (const [variant, recipe] of Object.entries(of.variants ?? {})) addRecipe(all, `${prefix}${variant} `, recipe);
    all.set(`${prefix}variants`, { list: Object.keys(of.variants ?? {}) });
  }
  for (const [path, text] of leaves(version.provenance, '', new Map())) all.set(path, { text, source: true });
  return all;
}

const digestOf = fact => fact?.digest ?? fact?.text ?? fact?.list?.join('\n') ?? '';

/** 31.0 MiB, 1.0 MiB more. */
function grown(from, to) {
  if (!from?.size || !to.size || from.size === to.size) return '';
  return `, ${bytes(Math.abs(to.size - from.size))} ${to.size > from.size ? 'more' : 'less'}`;
}

/** What goes and what comes, as lines. */
function change(from, to) {
  if (from?.list || to?.list) {
    const old = from?.list ?? [], made = to?.list ?? [];
    const gone = old.filter(item => !made.includes(item)), come = made.filter(item => !old.includes(item));
    return gone.length || come.length ? [gone, come] : [[old.join(' ')], [made.join(' ')]];
  }
  const same = from && to && from.text === to.text; // other bytes of the same version or size
  const show = (fact, by = '') => fact ? [same && fact.digest ? `${fact.text}, ${short(fact.digest)}${by}`
    : fact.text + by] : [];
  return [show(from), to ? show(to, grown(from, to)) : []];
}

/** What moving from one to the other is called. */
function title(from, to, isOlder) {
  if (!from.current) return html`<h2>What changed up to ${short(to.id)}</h2><small>from ${short(from.id)}</small>`;
  return html`<h2>What ${isOlder ? 'rolling back to' : 'promoting'} ${short(to.id)} changes</h2>
    <small>against ${short(from.id)}, current</small>`;
}

/** @param {{newer: any, older: any}} props the current one is what is moved from */
export function Difference({ newer, older }) {
  const [from, to] = newer.current ? [newer, older] : [older, newer], left = facts(from), right = facts(to);
  const rows = [...new Set([...left.keys(), ...right.keys()])]
    .filter(key => digestOf(left.get(key)) !== digestOf(right.get(key)));
  return html`<header>${title(from, to, newer.current)}</header>
    ${rows.length === 0 ? html`<${Empty} title="Nothing that shows here"/>` : html`<div class="scroll"><table
      class="differs"><thead><tr><th scope="col">what</th><th scope="col">difference</th></tr></thead>
      <tbody class="diff">${rows.map(key => {
        const [gone, come] = change(left.get(key), right.get(key));
        return html`<tr key=${key}><th scope="row">${key}</th><td>
          ${gone.map(text => html`<del key=${text}>${text}</del>`)}${come.map(text => html`<ins key=${text}>${text}
          </ins>`)}</td></tr>`;
      })}</tbody></table></div>`}`;
}
