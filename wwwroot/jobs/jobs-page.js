// @ts-check
// What the server does on its own: refreshes, tidying, checks.
import { html } from '../core/ui.js';
import { link, route, setQuery } from '../core/router.js';
import { now } from '../core/state.js';
import { useTitle } from '../core/title.js';
import { duration } from '../parts/format.js';
import { Age, State } from '../parts/basics.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';
import { usePages } from '../parts/paged-list.js';
import { JobBar, jobSub, jobTitle, tries } from '../parts/job-line.js';

const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];

/** How long its last try took, or takes already. */
const seconds = job => job.startedAt && (job.endedAt || job.state === 'running')
  ? ((job.endedAt ? Date.parse(job.endedAt) : now.value) - Date.parse(job.startedAt)) / 1000 : null;

const Row = ({ job }) => html`<tr data-state=${job.state === 'running' ? 'running' : undefined}>
  <th scope="row"><a class="cut" href=${link('jobs', job.id)}>${jobTitle(job)}</a><span class="sub s-only">
    <${Age} at=${job.endedAt ?? job.startedAt ?? job.createdAt}/></span></th>
  <td><${State} is=${job.state}/>${job.state === 'running' && html`<${JobBar} job=${job}/>`}
    <span class="sub breakable">${jobSub(job)}</span></td>
  <td class="s-hide fit">${job.askedBy}</td><td class="s-hide fit">${tries(job) || 'once'}</td>
  <td class="num m-only">${duration(seconds(job))}</td>
  <td class="num s-hide"><${Age} at=${job.endedAt ?? job.startedAt ?? job.createdAt}/></td></tr>`;

function Filter({ state }) {
  return html`<div class="body bar pad" role="group" aria-label="State">
    <button class="btn" type="button" aria-pressed=${!state} onClick=${() => setQuery({ state: null })}>All</button>
    ${states.map(is => html`<button class="btn" type="button" key=${is} aria-pressed=${state === is}
      onClick=${() => setQuery({ state: is })}><${State} is=${is}/></button>`)}</div>`;
}

export default function Jobs() {
  useTitle('Jobs');
  const state = route.value.query.get('state') ?? '', path = `jobs?limit=100${state && `&state=${state}`}`;
  const page = usePages(path, { events: ['job.changed'] }), all = page.items;
  return html`<div class="head"><h1>Jobs</h1><small>refreshes and upkeep; they survive a restart</small></div>
    <section class="panel" aria-label="Filter"><${Filter} state=${state}/></section>
    <section class="panel" aria-label="Jobs">${page.problem && !all
      ? html`<${Trouble} problem=${page.problem} retry=${page.reload}/>` : !all ? html`<${Ghost} lines=${6}/>`
      : all.length === 0 ? html`<${Empty} title=${state ? `No job is ${state}` : 'No job yet'}
          actions=${html`<a class="btn"
            href=${link('images')}>Images</a>`}>Refresh an image, or give it a schedule; its jobs are listed here.<//>`
      : html`<table><thead><tr><th scope="col">job</th><th scope="col">state</th>
        <th scope="col" class="s-hide">asked by</th>
          <th scope="col" class="s-hide">tries</th><th scope="col" class="num m-only">took</th>
            <th scope="col" class="num s-hide">when</th></tr></thead>
          <tbody>${all.map(job => html`<${Row} key=${job.id} job=${job}/>`)}</tbody></table>
        ${page.load && html`<footer class="foot bar"><button class="btn" type="button" disabled=${page.busy}
          onClick=${page.load}>Older jobs</button></footer>`}`}</section>`;
}
