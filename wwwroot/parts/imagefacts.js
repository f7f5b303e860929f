// Beside an image's versions: where it comes from, what it takes on disk, who uses it.
import { html } from '../ui.js';
import { link } from '../router.js';
import { machines, profiles } from '../stores.js';
import { bytes, plural, short } from './format.js';
import { profileOf } from './selector.js';
import { Age } from './basics.js';

const text = value => Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value)
  : String(value);

export const SourceOf = ({ image }) => html`<header><h2>Source</h2></header><dl class="body kv">
  ${Object.entries(image.source)
    .map(([key, value]) => html`<dt key=${key}>${key}</dt><dd>
      ${key === 'type' ? value : html`<code>${text(value)}</code>`}</dd>`)}
  <dt>systems</dt><dd>${image.systems.join(', ')}</dd>
  ${image.schedule && html`<dt>schedule</dt><dd><code>${image.schedule}</code> ${image.timeZone ?? 'UTC'}</dd>`}
  <dt>keep</dt><dd>${plural(image.keep, 'version')}</dd><dt>changed</dt><dd><${Age} at=${image.updatedAt}/></dd></dl>`;

const artifacts = version => Object.values(version.systems)
  .flatMap(system => [system.kernel, system.initrd, system.kexec, system['kexec-noninteractive'], system.iso,
  ...Object.values(system.variants ?? {}).flatMap(variant => [variant.kernel, variant.initrd])]).filter(Boolean);

/** Files that one version alone has, and those that several share. */
function parts(versions) {
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
  return [...shared ? [['shared', shared]] : [],
    ...versions.map(version => [short(version.id), own.get(version.id)])].filter(([, size]) => size > 0);
}

export function DiskOfImage({ versions }) {
  const all = parts(versions), sum = all.reduce((total, [, size]) => total + size, 0);
  if (sum === 0) return null;
  let at = 0;
  return html`<header><h2>Disk</h2><small>${bytes(sum)}, shared parts once</small></header><div class="body rows">
    <svg class="stack" role="img"
      aria-label=${`Disk by version: ${all.map(([name, size]) => `${name} ${bytes(size)}`).join(', ')}`}>
        ${all.map(([name, size]) => {
      const x = at;
      at += size / sum * 100;
      return html`<rect key=${name} x=${`${x}%`} width=${`${size / sum * 100}%`} height="16"/>`;
    })}</svg>
    <dl class="kv">${all.slice(0, 8)
      .map(([name, size]) => html`<dt key=${name}>${name === 'shared' ? name : html`<code>${name}</code>`}</dt><dd>
        ${bytes(size)}</dd>`)}</dl></div>`;
}

export function UsedBy({ image }) {
  const using = [...profiles.items.value.values()].filter(profile => profile.image === image.name)
    .sort((left, right) => left.name < right.name ? -1 : 1);
  const counts = new Map();
  for (const machine of machines.items.value.values()) if (machine.state === 'registered') {
    const name = profileOf(machine, profiles.items.value)?.name;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return html`<header><h2>Used by</h2><small>${using.length ? plural(using.length, 'profile') : ''}</small></header>
    ${using.length ? html`<ul class="list">
      ${using.map(profile => html`<li key=${profile.name}><a href=${link('profiles', profile.name)}>${profile.name}
        </a> <span class="muted">${
      profile.version ? `pins ${short(profile.version)}` : 'moves with the image'}, ${plural(counts.get(profile.name)
        ?? 0, 'machine')}</span></li>`)}</ul>`
      : html`<p class="body muted">No profile boots it. <a href=${link('profiles', '+')}>Add one</a></p>`}`;
}
