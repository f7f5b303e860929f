// @ts-check
// What booting a version takes: memory, how its machines' overlays get in, what its closures share.
import { html } from '../core/ui.js';
import { has } from '../core/state.js';
import { useResource } from '../core/resource.js';
import { bytes, count, short } from '../parts/format.js';

/** How an initrd takes a machine's overlay. */
const kinds = { none: 'cannot be delivered', systemd: 'by a unit of systemd', tmpfiles: 'by systemd-tmpfiles',
  creds: 'as credentials of systemd', dracut: 'by a hook of dracut',
  'initramfs-tools': 'by a script of initramfs-tools', plain: 'in place: the system runs in its initrd',
  shim: 'by a script that runs before switch_root' };

/** The recipes by the names that overlay kinds have, too. */
const recipesOf = version => Object.entries(version.systems).flatMap(([system, recipe]) => [[system, recipe],
  ...Object.entries(recipe.variants ?? {}).map(([variant, other]) => [`${system}/${variant}`, other])]);

/** Those of a value that is the same for several are one row. @returns {[value: any, names: string[]][]} */
function grouped(pairs) {
  const groups = new Map();
  for (const [name, value] of pairs) groups.set(value, [...groups.get(value) ?? [], name]);
  return [...groups];
}

/** For whom it is, unless it is for all. */
const For = ({ names, all }) => names.length === all ? null
  : html`<span class="sub">${names.slice(0, 5).join(', ')}${names.length > 5 && ` and ${names.length - 5} more`}
    </span>`;

const Closure = ({ closure, many }) => html`${many && html`<dt><code>${closure.variant ?? closure.system}</code></dt>`}
  <dd title=${closure.toplevel}>${count(closure.paths)} store paths, ${bytes(closure.unpackedBytes)} unpacked,
    ${' '}${bytes(closure.packedBytes)} as an initrd<span class="sub">${closure.sharedBytes > 0
      ? `${bytes(closure.sharedBytes)} of it in other versions, too` : 'none of it in other versions'}</span></dd>`;

const most = 12;

function Closures({ image, version }) {
  const found = useResource(has('images/{name}/versions/{version}/closures')
    ? `images/${encodeURIComponent(image.name)}/versions/${version.id}/closures` : null,
    { events: ['image.changed'], concerns: data => data.name === image.name, poll: false });
  const closures = found.data?.items ?? [], one = closures.length === 1;
  if (closures.length === 0) return null;
  return html`${closures.slice(0, most).map((closure, at) => html`${(one || at === 0) && html`<dt>
      ${one ? 'closure' : 'closures'}</dt>`}${!one && at === 0 && html`<dd>${count(closures.length)}</dd>`}
    <${Closure} key=${closure.toplevel} closure=${closure} many=${!one}/>`)}
    ${closures.length > most && html`<dt></dt><dd>and ${count(closures.length - most)} more</dd>`}`;
}

/** @param {{image: any, version: any}} props */
export function VersionNeeds({ image, version }) {
  const recipes = recipesOf(version), overlays = Object.entries(version.overlayKinds ?? {});
  const memory = recipes.filter(([, recipe]) => recipe.memoryBytes).map(([name, recipe]) => [name, recipe.memoryBytes]);
  if (memory.length + overlays.length === 0) return null;
  return html`<header><h2>To boot ${short(version.id)}</h2><small>${version.current ? 'current' : 'newest'}</small>
    </header><dl class="body kv">${memory.length > 0 && html`<dt>memory</dt>`}
    ${grouped(memory.map(([name, value]) => [name, `at least ${bytes(value)}`])).slice(0, most).map(([value, names]) =>
      html`<dd key=${value}>${value}<${For} names=${names} all=${memory.length}/></dd>`)}
    ${overlays.length > 0 && html`<dt>overlays</dt>`}
    ${grouped(overlays).map(([kind, names]) => html`<dd key=${kind}>${kinds[kind] ?? kind}
      <${For} names=${names} all=${overlays.length}/></dd>`)}
    ${recipes.some(([, recipe]) => recipe.unpackedBytes) && html`<${Closures} image=${image} version=${version}/>`}
    </dl>`;
}
