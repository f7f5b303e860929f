// @ts-check
// One image: its versions, what changes between them, what is on disk, who uses it.
import { html } from '../core/ui.js';
import { go, link } from '../core/router.js';
import { post, put, remove } from '../core/api.js';
import { useResource } from '../core/resource.js';
import { styleSheet } from '../core/style-sheet.js';
import { has } from '../core/state.js';
import { images, machines, profiles } from '../core/stores.js';
import { useKeys } from '../parts/keys.js';
import { may } from '../core/session.js';
import { Managed, mayChange } from '../parts/managed.js';
import { useTitle } from '../core/title.js';
import { ask, isOpen } from '../parts/dialog.js';
import { bytes, count, plural, short } from '../parts/format.js';
import { Age, State } from '../parts/basics.js';
import { Ghost, Trouble, toast } from '../parts/messages.js';
import { Menu } from '../parts/menu.js';
import { openImageForm } from './image-form.js';
import { openUpload } from './upload.js';
import { useDrop } from './drop-files.js';
import { Recipe } from './recipe.js';
import { VersionNeeds } from './version-needs.js';
import { Versions } from './versions.js';
import { Held, moversOf, openHold } from './image-hold.js';
import { FilesOfImage, RefreshFailed, Refreshing, SourceOf, UsedBy, diskOf, useLastJob } from './image-facts.js';
import { openRename } from '../parts/rename.js';
import { profileOf } from '../parts/profile-of.js';

await styleSheet('css/images.css');

const path = (image, rest = '') => `images/${encodeURIComponent(image.name)}${rest}`;

/** Moves what machines get; undo moves it back. */
async function setCurrent(name, wanted, done) {
  const image = images.items.peek().get(name); // as it is now: a dialog may have been open for long
  const before = { version: image.current, hold: image.held,
    reason: image.held ? image.hold?.reason ?? '' : undefined };
  const moved = await put(path(image, '/current'), wanted);
  images.put(moved);
  const many = plural(moversOf(name), 'machine');
  const text = wanted.hold === false ? `${image.name} moves with new versions again; ${wanted.version === image.current
    ? `until one comes, ${short(wanted.version)} stays` : `${many} get ${short(wanted.version)} from now on`}`
    : wanted.hold ? `${image.name} is held at ${short(wanted.version)}`
    : `${short(wanted.version)} is what machines get from now on`;
  const undo = async () => {
    try {
      images.put(await put(path(image, '/current'), { ...before, from: moved.current })); // not what was done since
    } catch (problem) {
      toast(problem.message, { seconds: 12 });
    }
    done();
  };
  toast(text, { undo: before.version ? undo : undefined });
  done();
}

function Actions({ image, upload, move }) {
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
  const changes = mayChange(image, 'admin');
  useKeys({ ...changes ? { e: () => openImageForm(image) } : {}, ...canRefresh ? { r: refresh } : {} });
  return html`<span class="bar push">
    ${may('admin') && html`<button class=${canRefresh ? 'btn' : 'btn main'} type="button"
      onClick=${upload}>Upload version…</button>
      ${changes && html`<button class="btn s-hide" type="button"
        onClick=${() => openImageForm(image)}>Edit</button>`}`}
    ${canRefresh && html`<button class="btn main" type="button" onClick=${refresh}>Refresh now</button>`}
    ${may('admin') && html`<${Menu} label="More actions" items=${[
      image.current && !image.held && { text: 'Hold…', act: () => openHold(image, move) },
      ...changes ? [{ text: 'Edit…', act: () => openImageForm(image) },
        { text: 'Rename…', act: () => openRename('images', image) }, { text: 'Delete…', act: drop }] : []]}/>`}</span>`;
}

export default function ImagePage({ name }) {
  useTitle(name);
  const all = images.use(), image = all.get(name);
  machines.use();
  profiles.use();
  const versions = useResource(`images/${encodeURIComponent(name)}/versions`,
    { events: ['image.changed'], concerns: data => data.name === name, pause: 300 });
  const job = useLastJob(name);
  useDrop(image && may('admin') && !isOpen() ? files => openUpload(image, versions.reload, files) : null);
  if (!image) return html`<section class="panel">
    ${images.state.value === 'ready'
      ? html`<${Trouble} problem=${{ status: 404, title: `There is no image ${name}`,
        detail: 'It may have been deleted.' }}/>`
    : images.problem.value ? html`<${Trouble} problem=${images.problem.value} retry=${images.load}/>`
      : html`<${Ghost} lines=${6}/>`}</section>`;
  const set = wanted => setCurrent(name, wanted, versions.reload);
  const move = wanted => set(wanted).catch(problem => toast(problem.message, { seconds: 12 }));
  const users = [...machines.items.value.values()].filter(machine => machine.state === 'registered'
    && profileOf(machine, profiles.items.value)?.image === name).length;
  const kept = versions.data?.items ?? [], { alone, once } = diskOf(kept);
  const shown = kept.find(version => version.current) ?? kept[0];
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('images')}>Images</a> / <bdi>${name}</bdi>
    </nav><h1 dir="auto">${name}</h1>
      ${image.held && html`<${State} is="held" badge>held at ${short(image.current)}<//>`}<span class="muted s-hide">
        ${image.source.type}, ${image.systems.join(', ')}</span>
      <${Actions} image=${image} upload=${() => openUpload(image, versions.reload)} move=${set}/></div>
    <${Managed} of=${image}/>
    ${image.held && html`<${Held} image=${image} newest=${kept[0]} move=${move}
      hold=${() => openHold(image, set)}/>`}
    ${job && (job.state === 'running' || job.state === 'queued') && html`<${Refreshing} job=${job}/>`}
    ${job?.state === 'failed' && html`<${RefreshFailed} image=${image} job=${job}/>`}
    <ul class="readouts wide"><li><b>${short(image.current)}</b><span class="muted">
      ${image.current ? `current, ${plural(users, 'machine')} boot${users === 1 ? 's' : ''} it` : 'no version yet'}
        </span></li>
      <li><b><${Age} at=${image.lastRefreshedAt}/></b><span class="muted">
        ${image.nextRefreshAt ? html`checked; next <${Age} at=${image.nextRefreshAt}/>`
          : image.source.type === 'upload' ? 'since the last upload' : 'checked'}</span></li>
      <li><b>${count(kept.length)}</b><span class="muted">
        ${`${kept.length === 1 ? 'version' : 'versions'}; keeps the newest ${image.keep}, and those in use`}</span></li>
      <li><b>${bytes(image.sizeBytes)}</b><span class="muted">
        ${alone > once ? `on disk; sharing saves ${bytes(alone - once)}` : 'on disk'}</span></li></ul>
    <section class="panel w8" aria-labelledby="h-ver"><${Versions} image=${image} versions=${versions} move=${move}/>
      <${Recipe} versions=${kept}/></section>
    <section class="panel w4" aria-label="Source, disk, use"><${SourceOf} image=${image} job=${job}/>
      ${shown && html`<${VersionNeeds} key=${shown.id} image=${image} version=${shown}/>`}
      <${FilesOfImage} image=${image} versions=${kept}/><${UsedBy} image=${image}/></section>`;
}
