// @ts-check
// Images with what machines get of them, and how old it is.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { images, machines, profiles } from '../core/stores.js';
import { profileOf } from './profile-of.js';
import { bytes, count, plural } from './format.js';
import { Age, Id, State } from './basics.js';
import { Empty, Ghost, Trouble } from './messages.js';

/** How many machines boot each image, when the machines are loaded. */
function users() {
  if (machines.state.value !== 'ready' || profiles.state.value !== 'ready') return null;
  const counts = new Map();
  for (const machine of machines.items.value.values()) {
    const image = profileOf(machine, profiles.items.value)?.image;
    if (image) counts.set(image, (counts.get(image) ?? 0) + 1);
  }
  return counts;
}

const Current = ({ image }) => image.current
  ? html`<${Id} of=${image.current}/> ${image.held && html`<${State} is="held" badge/>`}<span
    class="sub breakable"><${Age} at=${image.versionCreatedAt}/>${image.hold?.reason
      && html`: “<bdi>${image.hold.reason}</bdi>”`}</span>`
  : html`<span class="muted">no version yet<span class="sub">${image.source.type === 'upload' ? 'upload one to use it'
    : 'refresh to fetch one'}</span></span>`;

export function ImagesTable({ brief = false }) {
  const all = [...images.use().values()], counts = users();
  if (images.state.value === 'failed') return html`<${Trouble} problem=${images.problem.value} retry=${images.load}/>`;
  if (images.state.value !== 'ready') return html`<${Ghost}/>`;
  if (all.length === 0) return html`<${Empty} title="No image yet"
    actions=${html`<a class="btn" href=${link('images', null, { add: '' })}>Add image…</a>`}>
    An image is a named source of kernels and initrds: a release, a Nix build, or what you upload.<//>`;
  return html`<div class="scroll"><table><thead><tr><th scope="col">image</th><th scope="col">current</th>
    <th scope="col" class="s-hide">from</th>
    <th scope="col">checked</th><th scope="col" class="num s-hide">size</th>
      ${!brief && html`<th scope="col" class="num m-only">keeps</th>`}
    ${counts && html`<th scope="col" class="num s-hide">machines</th>`}</tr></thead>
    <tbody>${all.sort((left, right) => left.name < right.name ? -1 : 1).map(image => html`<tr key=${image.name}>
      <th scope="row"><a class="cut" dir="auto" title=${image.name} href=${link('images', image.name)}>${image.name}
        </a></th>
      <td><${Current} image=${image}/></td><td class="s-hide">${image.source.type}</td>
      <td><${Age} at=${image.lastRefreshedAt}/></td><td class="num s-hide">
        ${image.sizeBytes ? bytes(image.sizeBytes) : '–'}</td>
      ${!brief && html`<td class="num m-only">${plural(image.keep, 'version')}</td>`}
      ${counts && html`<td class="num s-hide">${count(counts.get(image.name) ?? 0)}</td>`}</tr>`)}</tbody></table>
        </div>`;
}
