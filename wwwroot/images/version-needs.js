// @ts-check
// What booting a version takes: memory, how its machines' overlays get in, what its closures share.
import { html } from '../core/ui.js';
import { has } from '../core/state.js';
import { useResource } from '../core/resource.js';
import { bytes, count, short } from '../parts/format.js';
import { overlayKinds, recipesOf } from './recipe-model.js';

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

/**
 * A single recipe's memory and overlay stand in its picture: here is what several need, and closures.
 * @param {{image: any, version: any}} props
 */
export function VersionNeeds({ image, version }) {
  const recipes = recipesOf(version), several = recipes.length > 1;
  const overlays = several ? Object.entries(version.overlayKinds ?? {}) : [];
  const memory = several ? recipes.filter(({ recipe }) => recipe.memoryBytes) : [];
  const hasClosures = recipes.some(({ recipe }) => recipe.unpackedBytes);
  if (memory.length + overlays.length === 0 && !hasClosures) return null;
  return html`<header><h2>To boot ${short(version.id)}</h2><small>${version.current ? 'current' : 'newest'}</small>
    </header><dl class="body kv">${memory.length > 0 && html`<dt>memory</dt>`}
    ${grouped(memory.map(({ key, recipe }) => [key, `at least ${bytes(recipe.memoryBytes)}`])).slice(0, most)
      .map(([value, names]) => html`<dd key=${value}>${value}<${For} names=${names} all=${memory.length}/></dd>`)}
    ${overlays.length > 0 && html`<dt>overlays</dt>`}
    ${grouped(overlays).map(([kind, names]) => html`<dd key=${kind}>${overlayKinds[kind] ?? kind}
      <${For} names=${names} all=${overlays.length}/></dd>`)}
    ${hasClosures && html`<${Closures} image=${image} version=${version}/>`}
    </dl>`;
}
