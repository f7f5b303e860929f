// One image: its versions, what changes between them, what is on disk, who uses it.
import { html, useState } from '../ui.js';
import { go, link } from '../router.js';
import { post, put, remove } from '../api.js';
import { useResource } from '../resource.js';
import { has } from '../state.js';
import { images, machines, profiles } from '../stores.js';
import { useKeys } from '../keys.js';
import { may } from '../session.js';
import { useTitle } from '../shell.js';
import { ask } from '../parts/dialog.js';
import { bytes, count, plural, short } from '../parts/format.js';
import { Age, Id, State } from '../parts/basics.js';
import { Empty, Ghost, Trouble, toast } from '../parts/messages.js';
import { Menu } from '../parts/menu.js';
import { openImageForm } from '../parts/imageform.js';
import { openUpload } from '../parts/upload.js';
import { Difference } from '../parts/difference.js';
import { DiskOfImage, SourceOf, UsedBy } from '../parts/imagefacts.js';
import { profileOf } from '../parts/selector.js';

const path = (image, rest = '') => `images/${encodeURIComponent(image.name)}${rest}`;

/** Moves what machines get; undo moves it back. */
async function setCurrent(image, wanted, done) {
  const before = { version: image.current, hold: image.held };
  try {
    images.put(await put(path(image, '/current'), wanted));
    const text = wanted.version === 'newest' ? `${image.name} moves with new versions again`
      : `${short(wanted.version)} is what machines get from now on`;
    toast(text, { undo: before.version ? async () => { images.put(await put(path(image, '/current'), before)); done();
      } : undefined });
    done();
  } catch (problem) { toast(problem.message, { seconds: 12 }); }
}

function Actions({ image, upload }) {
  const drop = async () => {
    if (!await ask({ title: `Delete ${image.name}?`, action: 'Delete image', keep: 'Keep it',
      text: 'All of its versions go, and their files. This cannot be undone.' })) return;
    try { await remove(path(image)); images.drop(image.name); go('images'); toast(`${image.name} deleted`);
      } catch (problem) { toast(problem.message, { seconds: 12 }); }
  };
  const refresh = async () => {
    try { const job = await post(path(image, '/refreshes'));
      toast(html`Refreshing ${image.name}. <a href=${link('jobs', job.id)}>Watch</a>`);
        } catch (problem) { toast(problem.message, { seconds: 12 }); }
  };
  const canRefresh = has('images/{name}/refreshes') && image.source.type !== 'upload' && may('operator');
  useKeys({ ...may('admin') ? { e: () => openImageForm(image) } : {}, ...canRefresh ? { r: refresh } : {} });
  return html`<span class="bar push">
    ${may('admin') && html`<button class=${canRefresh ? 'btn' : 'btn main'} type="button"
      onClick=${upload}>Upload version…</button>
      <button class="btn" type="button" onClick=${() => openImageForm(image)}>Edit</button>`}
    ${canRefresh && html`<button class="btn main" type="button" onClick=${refresh}>Refresh now</button>`}
    ${may('admin') && html`<${Menu} label="More actions" items=${[{ text: 'Delete…', act: drop }]}/>`}</span>`;
}

/** Kernel and initrd of its systems, as one number. */
const kernelOf = version => version.provenance?.kernelVersion ?? Object.values(version.systems)
  .map(system => system.kernel && bytes(system.kernel.sizeBytes)).filter(Boolean)[0] ?? '–';

function Row({ version, image, newest, chosen, choose, move, at, currentAt }) {
  const older = at > currentAt;
  return html`<tr id=${version.id} aria-selected=${version.current}><td>
    <input type="checkbox" aria-label=${`Compare ${short(version.id)}`} checked=${chosen} onChange=${choose}/></td>
    <th scope="row"><${Id} of=${version.id}/> ${version.current && html`<b>current</b>`} ${newest
      && html`<span class="tag">newest</span>`}
      ${version.pinnedBy.length > 0
        && html` <span class="tag" title=${version.pinnedBy.join(', ')}>pinned by ${version.pinnedBy.length}</span>`}
          <span class="sub"><${Age} at=${version.createdAt}/></span></th>
    <td class="s-hide">${Object.keys(version.systems).join(', ')}</td><td class="s-hide">${kernelOf(version)}</td>
      <td class="num">${bytes(version.sizeBytes)}</td>
    <td class="num">${version.current ? image.held && html`<${State} is="held"/>` : may('operator')
      && html`<button class="btn" type="button" onClick=${move}>${older && currentAt >= 0 ? 'Roll back' : 'Promote'}
        </button>`}</td></tr>`;
}

function Versions({ image, versions, move }) {
  const all = versions.data?.items ?? [], [marked, setMarked] = useState(null);
  const currentAt = all.findIndex(version => version.current);
  const ids = marked ?? (currentAt > 0 ? [all[0].id, all[currentAt].id] : all.length > 1 ? [all[0].id, all[1].id] : []);
  const choose = id => setMarked(ids.includes(id) ? ids.filter(other => other !== id) : [...ids, id].slice(-2));
  const pair = all.filter(version => ids.includes(version.id));
  return html`<header><h2 id="h-ver">Versions</h2><small>${all.length > 1 && 'choose two to compare'}</small></header>
    ${versions.problem && !versions.data ? html`<${Trouble} problem=${versions.problem} retry=${versions.reload}/>`
      : !versions.data ? html`<${Ghost}/>`
      : all.length === 0 ? html`<${Empty} title="No version yet">
        ${image.source.type === 'upload' ? 'Upload a kernel and an initrd; machines get them at once.'
          : 'Refresh it to fetch the first one.'}<//>`
      : html`<div class="scroll"><table><thead><tr><th scope="col"><span class="vh">compare</span></th>
        <th scope="col">version</th><th scope="col" class="s-hide">systems</th>
          <th scope="col" class="s-hide">kernel</th><th scope="col" class="num">size</th><th scope="col">
            <span class="vh">actions</span></th></tr></thead>
          <tbody>${all.map((version, at) =>
            html`<${Row} key=${version.id} version=${version} image=${image} newest=${at === 0 && all.length > 1}
              at=${at} currentAt=${currentAt}
            chosen=${ids.includes(version.id)} choose=${() => choose(version.id)}
              move=${() => move({ version: version.id })}/>`)}</tbody></table></div>
        ${pair.length === 2 && html`<${Difference} newer=${pair[0]} older=${pair[1]}/>`}`}`;
}

export default function ImagePage({ name }) {
  useTitle(name);
  const all = images.use(), image = all.get(name);
  machines.use();
  profiles.use();
  const versions = useResource(`images/${encodeURIComponent(name)}/versions`,
    { events: ['image.changed'], concerns: data => data.name === name, pause: 300 });
  if (!image) return html`<section class="panel">
    ${images.state.value === 'ready'
      ? html`<${Trouble} problem=${{ status: 404, title: `There is no image ${name}`,
        detail: 'It may have been deleted.' }}/>`
    : images.problem.value ? html`<${Trouble} problem=${images.problem.value} retry=${images.load}/>`
      : html`<${Ghost} lines=${6}/>`}</section>`;
  const move = wanted => setCurrent(image, wanted, versions.reload);
  const users = [...machines.items.value.values()].filter(machine => machine.state === 'registered'
    && profileOf(machine, profiles.items.value)?.image === name).length;
  const newest = versions.data?.items[0];
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('images')}>Images</a> / <bdi>${name}</bdi>
    </nav><h1 dir="auto">${name}</h1>
      ${image.held && html`<${State} is="held" badge>held at ${short(image.current)}<//>`}<span class="muted s-hide">
        ${image.source.type}, ${image.systems.join(', ')}</span>
      <${Actions} image=${image} upload=${() => openUpload(image, versions.reload)}/></div>
    ${image.held && html`<div class="banner" data-state="held"><${State} is="held">Held<//><span>
      ${newest && !newest.current && html`<b>${short(newest.id)}</b> is there, but `}<b>${short(image.current)}
        </b> stays
      current until you promote another or let it move.</span>
        ${may('operator') && html`<span class="bar push">
          <button class="btn" type="button" onClick=${() => move({ version: 'newest' })}>Let it move</button></span>`}
            </div>`}
    <ul class="readouts wide"><li><b>${short(image.current)}</b><span class="muted">
      ${image.current ? `current, ${plural(users, 'machine')} boot it` : 'no version yet'}</span></li>
      <li><b><${Age} at=${image.lastRefreshedAt}/></b><span class="muted">
        ${image.nextRefreshAt ? html`checked; next <${Age} at=${image.nextRefreshAt}/>` : 'checked'}</span></li>
      <li><b>${count(versions.data?.items.length ?? 0)}</b><span class="muted">
        ${`versions; keeps ${image.keep} beside those in use`}</span></li>
      <li><b>${bytes(image.sizeBytes)}</b><span class="muted">in all, equal files once</span></li></ul>
    <section class="panel w8" aria-labelledby="h-ver"><${Versions} image=${image} versions=${versions} move=${move}/>
      </section>
    <section class="panel w4" aria-label="Source, disk, use"><${SourceOf} image=${image}/>
      <${DiskOfImage} versions=${versions.data?.items ?? []}/><${UsedBy} image=${image}/></section>`;
}
