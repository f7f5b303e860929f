// @ts-check
// One job: how far it is, what it says, and what becomes of it.
import { html } from '../core/ui.js';
import { go, link } from '../core/router.js';
import { post, remove } from '../core/api.js';
import { useResource } from '../core/resource.js';
import { images } from '../core/stores.js';
import { may } from '../core/session.js';
import { now } from '../core/state.js';
import { useTitle } from '../core/title.js';
import { ask } from '../parts/dialog.js';
import { duration, short, tail } from '../parts/format.js';
import { Age, Id, State } from '../parts/basics.js';
import { Ghost, Note, Trouble, toast } from '../parts/messages.js';
import { JobBar, jobHeading, jobTitle, progressText } from '../parts/job-line.js';
import { Log } from './job-log.js';

const isOpen = job => job.state === 'running' || job.state === 'queued';

function Actions({ job, reload }) {
  const path = `jobs/${encodeURIComponent(job.id)}`;
  const cancel = async () => {
    if (!await ask({ title: `Cancel ${jobTitle(job)}?`, action: 'Cancel job', keep: 'Let it run',
      text: 'What it has fetched so far is kept for the next time; no version is made.' })) return;
    try { await remove(path); toast(`${jobTitle(job)} cancelled`); reload();
      } catch (problem) { toast(problem.message); }
  };
  const retry = async () => {
    try { go('jobs', (await post(`${path}/retries`)).id); } catch (problem) { toast(problem.message); }
  };
  if (!may('operator')) return null;
  return html`<span class="bar push">
    ${isOpen(job) ? html`<button class="btn" type="button" onClick=${cancel}>Cancel job…</button>`
    : html`<button class="btn" type="button" onClick=${retry}>
      ${job.state === 'succeeded' ? 'Run again' : 'Try again'}</button>`}</span>`;
}

/** What a version means for the machines. */
function Result({ job }) {
  const image = images.use().get(job.image);
  if (!image) return null;
  const text = job.state === 'succeeded' ? html`<a href=${link('images', job.image)}>
    ${job.image}@<${Id} of=${job.version}/></a> ${image.current === job.version
    ? 'is what machines get.' : html`is there; <b>${short(image.current)}</b> stays current.`}`
    : image.held ? html`A new version of ${job.image} is added. <b>${short(image.current)}
      </b> stays current: the image is held.`
    : `A new version of ${job.image} becomes current at once, unless its bytes are those of a kept one.`;
  return isOpen(job) || job.state === 'succeeded' ? html`<header><h2>${isOpen(job) ? 'When it succeeds' : 'Result'}
    </h2></header><p class="body">${text}</p>` : null;
}

const took = job => job.startedAt
  ? ((job.endedAt ? Date.parse(job.endedAt) : now.value) - Date.parse(job.startedAt)) / 1000 : null;

export default function JobPage({ name }) {
  const found = useResource(`jobs/${encodeURIComponent(name)}`, { events: ['job.changed'], concerns: data =>
    data.id === name, pause: 200 });
  const job = found.data;
  useTitle(job ? jobTitle(job) : 'Job');
  if (found.problem && !job) return html`<section class="panel">
    <${Trouble} problem=${found.problem} retry=${found.reload}/></section>`;
  if (!job) return html`<section class="panel"><${Ghost} lines=${6}/></section>`;
  return html`<div class="head"><nav aria-label="Breadcrumb"><a href=${link('jobs')}>Jobs</a> / ${tail(name)}</nav>
      <h1>${jobHeading(job)} ${job.image && html`<a dir="auto" href=${link('images', job.image)}>${job.image}</a>`}</h1>
        <${State} is=${job.state} badge/>
      <span class="muted">${job.startedAt ? `${duration(took(job))}, ` : ''}asked by ${job.askedBy}</span>
        <${Actions} job=${job} reload=${found.reload}/></div>
    ${job.state === 'running' && html`<section class="panel" data-state="running" aria-label="Progress">
      <div class="body rows pad">
      <${JobBar} job=${job} thin=${false}/><div class="bar"><span>${progressText(job) || 'begins'}</span></div></div>
        </section>`}
    <section class="panel w9" aria-labelledby="h-log"><${Log} key=${`${job.id}/${job.attempt}`} job=${job}/></section>
    <aside class="panel w3" aria-label="Facts"><header><h2>Facts</h2></header><dl class="body kv"><dt>kind</dt><dd>
      ${job.kind}</dd>
        ${job.image && html`<dt>image</dt><dd><a href=${link('images', job.image)}>${job.image}</a></dd>`}
          <dt>tries</dt><dd>${job.attempt}</dd>
        <dt>asked for</dt><dd><${Age} at=${job.createdAt}/></dd><dt>started</dt><dd>
          <${Age} at=${job.startedAt} none="not yet"/></dd>
        ${job.endedAt && html`<dt>ended</dt><dd><${Age} at=${job.endedAt}/></dd>`}
        ${job.notBefore && html`<dt>next try</dt><dd><${Age} at=${job.notBefore}/></dd>`}<dt>id</dt><dd><code>
          ${job.id}</code></dd></dl>
      ${job.problem && html`<header><h2>${job.state === 'failed' ? 'Why it failed' : 'The last try failed'}</h2>
        </header><div class="body rows">
        <${Note} is="failed"><b>${job.problem.title}.</b> ${job.problem.detail} <a href=${job.problem.type.slice(1)}
          target="_blank"
          rel="noreferrer">What this means</a><//></div>`}
      <${Result} job=${job}/></aside>`;
}
