// @ts-check
// An image's versions: what each is, what it takes, which is current; two of them are compared.
import { html, useState } from '../core/ui.js';
import { may } from '../core/session.js';
import { bytes, count, short } from '../parts/format.js';
import { Age, Id, State } from '../parts/basics.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';
import { Difference } from './version-difference.js';
import { diskOf } from './image-facts.js';
import { recipesOf } from './recipe-model.js';

/** What its kernels say they are; else how large the first kernel or EFI program is. */
function kernelOf(version) {
  const recipes = recipesOf(version).map(({ recipe }) => recipe);
  const kernels = recipes.map(({ kernel }) => kernel).filter(Boolean), efi = recipes.find(recipe => recipe.efi)?.efi;
  const said = [...new Set(kernels.map(kernel => kernel.kernelVersion).filter(Boolean))];
  return said.join(', ') || (kernels[0] ? bytes(kernels[0].sizeBytes) : efi ? `EFI program, ${bytes(efi.sizeBytes)}`
    : '–');
}

/** The source's own name for it, if it has one that people know. */
const revisionOf = ({ provenance }) => provenance?.revision ?? provenance?.rev ?? provenance?.build ?? null;

/** How it fared in the last day. */
function Recent({ boots }) {
  if (!boots) return html`<span class="muted">no boots</span>`;
  const text = `${count(boots.succeeded)} of ${count(boots.began)}`;
  return boots.succeeded === boots.began ? html`<${State} is="up">${text}<//>`
    : boots.succeeded === 0 ? html`<${State} is="warning">${text}<//>` : html`<span>${text}</span>`;
}

function Row({ version, image, newest, own, chosen, choose, move, older }) {
  const revision = revisionOf(version);
  return html`<tr id=${version.id} aria-selected=${version.current}><td>
    ${choose && html`<input type="checkbox" aria-label=${`Compare ${short(version.id)}`} checked=${chosen}
      onChange=${choose}/>`}</td>
    <th scope="row"><${Id} of=${version.id}/> ${version.current && html`<b>current</b>`} ${newest
      && html`<span class="tag">newest</span>`}
      ${version.pinnedBy.length > 0
        && html` <span class="tag" title=${version.pinnedBy.join(', ')}>pinned by ${version.pinnedBy.length}</span>`}
          <span class="sub"><${Age} at=${version.createdAt}/>${revision && `, ${String(revision).slice(0, 12)}`}</span>
            </th>
    <td class="s-hide">${kernelOf(version)}<span class="sub">${Object.keys(version.systems).join(', ')}</span></td>
    <td class="m-only"><${Recent} boots=${version.recentBoots}/></td>
    <td class="num">${bytes(version.sizeBytes)}<span class="sub">
      ${own < version.sizeBytes && `own ${bytes(own)}`}</span></td>
    <td class="num">${version.current ? image.held && html`<${State} is="held"/>` : may('admin')
      && html`<button class="btn" type="button" onClick=${move}>${older ? 'Roll back' : 'Promote'}
        </button>`}</td></tr>`;
}

export function Versions({ image, versions, move }) {
  const all = versions.data?.items ?? [], [marked, setMarked] = useState(/** @type {string[] | null} */ (null));
  const currentAt = all.findIndex(version => version.current), { own } = diskOf(all);
  const ids = marked ?? (currentAt > 0 ? [all[0].id, all[currentAt].id] : all.length > 1 ? [all[0].id, all[1].id] : []);
  const choose = id => setMarked(ids.includes(id) ? ids.filter(other => other !== id) : [...ids, id].slice(-2));
  const pair = all.filter(version => ids.includes(version.id));
  return html`<header><h2 id="h-ver">Versions</h2><small>${all.length > 1 && 'choose two to compare'}</small></header>
    ${versions.problem && !versions.data ? html`<${Trouble} problem=${versions.problem} retry=${versions.reload}/>`
      : !versions.data ? html`<${Ghost}/>`
      : all.length === 0 ? html`<${Empty} title="No version yet">
        ${image.source.type === 'upload' ? 'Upload its files, or drop them on this page; machines get them at once.'
          : 'Refresh it to fetch the first one.'}<//>`
      : html`<div class="scroll"><table><thead><tr><th scope="col"><span class="vh">compare</span></th>
        <th scope="col">version</th><th scope="col" class="s-hide">kernel</th>
        <th scope="col" class="m-only">last 24 h</th><th scope="col" class="num">size</th>
          <th scope="col"><span class="vh">actions</span></th></tr></thead>
          <tbody>${all.map((version, at) => html`<${Row} key=${version.id} version=${version} image=${image}
            newest=${at === 0 && all.length > 1} own=${own.get(version.id)} older=${currentAt >= 0 && at > currentAt}
            chosen=${ids.includes(version.id)} choose=${all.length > 1 && (() => choose(version.id))}
              move=${() => move({ version: version.id })}/>`)}</tbody></table></div>
        ${pair.length === 2 && html`<${Difference} newer=${pair[0]} older=${pair[1]}/>`}`}`;
}
