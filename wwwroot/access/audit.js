// @ts-check
// Who did what, when, from where; what it changed.
import { html } from '../core/ui.js';
import { serverTime } from '../core/api.js';
import { link, route, setQuery } from '../core/router.js';
import { plain, short } from '../parts/format.js';
import { Age, State, Typed } from '../parts/basics.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';
import { usePages } from '../parts/paged-list.js';

const verbs = { create: 'made', change: 'changed', rename: 'renamed', delete: 'deleted', cancel: 'cancelled',
  claim: 'claimed', refuse: 'was refused' };
const kinds = ['machine', 'next-boot', 'profile', 'image', 'version', 'current', 'refresh', 'scrub', 'token',
  'session', 'password', 'alarm', 'release'];
const jobs = { create: 'asked for', change: 'hurried' };
const spans = [['', 'Any time'], ['1', 'Last 24 hours'], ['7', 'Last 7 days'], ['30', 'Last 30 days']];
const pages = { machine: 'machines', 'next-boot': 'machines', completion: 'machines', release: 'machines',
  profile: 'profiles', image: 'images', version: 'images', current: 'images', refresh: 'images' };
const quiet = new Set(['revision', 'updatedAt', 'createdAt']);

const isEmpty = value => value === null || value === undefined
  || (typeof value === 'object' && Object.keys(value).length === 0);

/** The members that differ, as "name before → after". */
function difference({ before, after }) {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(key => !quiet.has(key)
    && JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]));
  return keys.filter(key => before && after || !isEmpty((after ?? before)[key]))
    .map(key => before && after ? `${key}: ${plain(before[key])} → ${plain(after[key])}`
      : `${key}: ${plain((after ?? before)[key])}`);
}

/** What was done, in words. */
function deed({ verb, kind, before, after }) {
  if (kind === 'refresh' || kind === 'scrub') return `${jobs[verb] ?? verbs[verb] ?? verb} ${kind}`;
  if (kind !== 'current') return `${verbs[verb] ?? verb} ${kind}`;
  return after?.hold && !before?.hold ? 'held image' : before?.hold && !after?.hold ? 'let image move' : 'moved image';
}

function Row({ entry }) {
  const changes = difference(entry), page = pages[entry.kind], text = changes.join('; ');
  const [owner, version] = entry.name.split('@'), name = version ? `${owner}@${short(version)}` : owner;
  return html`<tr><td class="fit"><${Age} at=${entry.at}/></td><td class="fit"><bdi>${entry.who}</bdi>
    ${entry.role && entry.role !== entry.who && html`<span class="sub">${entry.role}</span>`}</td>
    <td class="fit">${entry.verb === 'refuse'
      ? html`<${State} is="failed">${verbs.refuse}<//> ${entry.kind}` : deed(entry)}${page
      ? html`<a class="sub s-only cut" href=${link(page, entry.name.split(/[@/]/)[0])}>${name}</a>`
      : html`<span class="sub s-only cut">${name}</span>`}</td>
    <td class="s-hide">${page ? html`<a class="cut" href=${link(page, entry.name.split(/[@/]/)[0])}
      title=${entry.name}>${name}</a>` : html`<bdi>${name}</bdi>`}</td>
    <td class="m-only"><span class="clamp" title=${text}>${text || html`<span class="muted">–</span>`}</span></td>
      <td class="mono s-hide">${entry.address ?? '–'}</td></tr>`;
}

/** The filters of the address as the API takes them. */
function pathOf(query) {
  const wanted = new URLSearchParams({ limit: '100' });
  for (const key of ['who', 'kind', 'name', 'verb']) if (query.get(key)) wanted.set(key, query.get(key));
  const days = Number(query.get('days'));
  if (days) wanted.set('since', new Date(Math.floor(serverTime() / 3_600_000) * 3_600_000 - days * 86_400_000)
    .toISOString());
  return `audit?${wanted}`;
}

const Pick = ({ label, name, options, query }) =>
  html`<select class="auto" aria-label=${label} value=${query.get(name) ?? ''}
  onChange=${event => setQuery({ [name]: event.target.value })}>
    ${options.map(([value, text]) => html`<option key=${value} value=${value}
    selected=${value === (query.get(name) ?? '')}>${text}</option>`)}</select>`;

export function Audit() {
  const query = route.value.query, path = pathOf(query);
  const page = usePages(path, { poll: false,
    events: ['machine.changed', 'profile.changed', 'image.changed', 'token.changed'] });
  const choose = name => text => setQuery({ [name]: text });
  const all = page.items;
  return html`<section class="panel" aria-labelledby="h-aud"><header><h2 id="h-aud">Audit</h2><span class="bar">
      <${Typed} class="search" aria-label="Name of the resource" placeholder="Name of the resource"
        value=${query.get('name') ?? ''} choose=${choose('name')}/>
      <${Typed} class="auto" size="12" aria-label="Who" placeholder="Who" value=${query.get('who') ?? ''}
        choose=${choose('who')}/>
      <${Pick} label="What" name="kind" query=${query}
        options=${[['', 'Anything'], ...kinds.map(kind => [kind, kind])]}/>
      <${Pick} label="Action" name="verb" query=${query} options=${[['', 'Any action'], ...Object.entries(verbs)]}/>
      <${Pick} label="When" name="days" query=${query} options=${spans}/></span></header>
    ${page.problem && !all ? html`<${Trouble} problem=${page.problem} retry=${page.reload}/>` : !all
      ? html`<${Ghost} lines=${5}/>`
      : all.length === 0 ? html`<${Empty} title="Nothing like that">No entry fits these filters.<//>`
      : html`<div class="scroll audit"><table><thead><tr><th scope="col">when</th><th scope="col">who</th>
        <th scope="col">what</th><th scope="col" class="s-hide">resource</th>
          <th scope="col" class="m-only">change</th><th scope="col" class="s-hide">from</th></tr></thead>
          <tbody>${all.map(entry => html`<${Row} key=${entry.id} entry=${entry}/>`)}</tbody></table></div>`}
    ${page.load && html`<footer class="foot bar"><button class="btn" type="button" disabled=${page.busy}
      onClick=${page.load}>Older</button></footer>`}</section>`;
}
