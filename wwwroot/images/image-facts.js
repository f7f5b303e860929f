// @ts-check
// Beside an image's versions: where it comes from, what it takes on disk, who uses it.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { machines, profiles } from '../core/stores.js';
import { bytes, plural, short } from '../parts/format.js';
import { profileOf } from '../parts/profile-of.js';
import { useResource } from '../core/resource.js';
import { Age, State } from '../parts/basics.js';
import { JobBar, jobSub } from '../parts/job-line.js';

const text = value => Array.isArray(value) ? value.map(text).join(', ') : typeof value === 'object'
  ? JSON.stringify(value) : String(value);

/** A member of a source: files each on a line, by their roles; anything else as it is. */
const Member = ({ name, value }) => name === 'type' ? value : name === 'files' && Array.isArray(value)
  ? value.map((file, at) => html`<div key=${at}>${file.role}${file.name && ` ${file.name}`} <code>${file.url}</code>
    </div>`) : html`<code>${text(value)}</code>`;

export const SourceOf = ({ image, job }) => html`<header><h2>Source</h2></header><dl class="body kv">
  ${Object.entries(image.source)
    .map(([key, value]) => html`<dt key=${key}>${key}</dt><dd><${Member} name=${key} value=${value}/></dd>`)}
  <dt>systems</dt><dd>${image.systems.join(', ')}</dd>
  ${image.schedule && html`<dt>schedule</dt><dd><code>${image.schedule}</code> ${image.timeZone ?? 'UTC'}</dd>`}
  <dt>keep</dt><dd>${plural(image.keep, 'version')}</dd><dt>changed</dt><dd><${Age} at=${image.updatedAt}/></dd>
  ${job && html`<dt>last job</dt><dd><a href=${link('jobs', job.id)}>${job.kind}</a> <${State} is=${job.state}/>${' '}
    <${Age} at=${job.endedAt ?? job.startedAt ?? job.createdAt}/></dd>`}</dl>`;

/** The newest job of an image, as it goes on. */
export function useLastJob(image) {
  const jobs = useResource(`jobs?limit=1&image=${encodeURIComponent(image)}`, { events: ['job.changed'],
    concerns: job => job.image === image, pause: 200 });
  return jobs.data?.items[0] ?? null;
}

/** Why the newest refresh brought nothing, and what comes next. */
export const RefreshFailed = ({ image, job }) => html`<div class="banner" data-state="failed">
  <${State} is="failed">Refresh failed<//>
  <span><${Age} at=${job.endedAt}/>: ${job.problem?.detail ?? 'its log says why.'} ${image.current
    ? html`Machines go on with <b>${short(image.current)}</b>.` : 'There is nothing to boot yet.'} ${
    image.nextRefreshAt && html`It is tried again <${Age} at=${image.nextRefreshAt}/>.`}</span>
  <a class="btn push" href=${link('jobs', job.id)}>Its log</a></div>`;

/** A refresh under way, above everything else. */
export const Refreshing = ({ job }) => html`<section class="panel" data-state=${job.state} aria-label="Refresh">
  <div class="body rows pad"><div class="bar"><${State} is=${job.state}>${job.state === 'running' ? 'refreshing'
    : job.state}<//><small>${jobSub(job)}</small><a class="push" href=${link('jobs', job.id)}>Watch its log</a></div>
    ${job.state === 'running' && html`<${JobBar} job=${job}/>`}</div></section>`;

const artifacts = version => Object.values(version.systems)
  .flatMap(system => [system, ...Object.values(system.variants ?? {})])
  .flatMap(recipe => [recipe.kernel, recipe.efi, ...recipe.initrds, recipe.shim, ...Object.values(recipe.files ?? {}),
    recipe.kexec, recipe.kexecNoninteractive, recipe.iso]).filter(Boolean);

/**
 * What one version alone has, what several share, and all of it with shared files once or as often as they are used;
 * bytes, also of files that are not here yet.
 */
export function diskOf(versions) {
  const users = new Map();
  for (const version of versions) for (const { sha256, sizeBytes } of artifacts(version)) {
    const entry = users.get(sha256) ?? { size: sizeBytes, versions: new Set() };
    entry.versions.add(version.id);
    users.set(sha256, entry);
  }
  const own = new Map(versions.map(version => [version.id, 0]));
  let shared = 0;
  for (const { size, versions: of } of users.values()) of.size > 1 ? shared += size
    : own.set([...of][0], own.get([...of][0]) + size);
  return { own, shared, once: [...users.values()].reduce((sum, { size }) => sum + size, 0),
    alone: versions.reduce((sum, version) => sum + version.sizeBytes, 0) };
}

/** Of its files, which take the disk only once they are fetched. */
export function FilesOfImage({ image, versions }) {
  const { own, shared, once } = diskOf(versions);
  const all = [...shared ? [{ name: 'shared', size: shared }] : [], ...versions.map(version => ({
    name: short(version.id), size: own.get(version.id), pinned: version.pinnedBy.length > 0 && !version.current }))]
    .filter(part => part.size > 0);
  if (once === 0) return null;
  let at = 0;
  return html`<header><h2>Files</h2><small>${bytes(once)}, shared ones once${once > image.sizeBytes
      && `; ${bytes(once - image.sizeBytes)} not fetched yet`}</small></header><div class="body rows">
    <svg class="stack" role="img"
      aria-label=${`Files by version: ${all.map(part => `${part.name} ${bytes(part.size)}`).join(', ')}`}>
        ${all.map(({ name, size }) => {
      const x = at;
      at += size / once * 100;
      return html`<rect key=${name} x=${`${x}%`} width=${`${size / once * 100}%`} height="16"/>`;
    })}</svg>
    <dl class="kv">${all.slice(0, 8).map(({ name, size, pinned }) => html`<dt key=${name}>${name === 'shared' ? name
      : html`<code>${name}</code>`}</dt><dd>${bytes(size)}${pinned && ', kept because it is pinned'}</dd>`)}</dl>
    </div>`;
}

export function UsedBy({ image }) {
  const using = [...profiles.items.value.values()].filter(profile => profile.image === image.name)
    .sort((left, right) => left.name < right.name ? -1 : 1);
  const counts = new Map();
  for (const machine of machines.items.value.values()) if (machine.state === 'registered') {
    const name = profileOf(machine, profiles.items.value)?.name;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const total = using.reduce((sum, profile) => sum + (counts.get(profile.name) ?? 0), 0);
  return html`<header><h2>Used by</h2><small>${using.length > 0 && `${plural(using.length, 'profile')}, ${
    plural(total, 'machine')}`}</small></header>
    ${using.length ? html`<ul class="list">
      ${using.map(profile => html`<li key=${profile.name}><a href=${link('profiles', profile.name)}>${profile.name}
        </a> <span class="muted">${
      profile.version ? `pins ${short(profile.version)}` : 'moves with the image'}, ${plural(counts.get(profile.name)
        ?? 0, 'machine')}</span></li>`)}</ul>`
      : html`<p class="body muted">No profile boots it. <a href=${link('profiles', '+')}>Add one</a></p>`}`;
}
