// @ts-check
// Jobs that run or wait, in short.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { useResource } from '../core/resource.js';
import { Empty } from '../parts/messages.js';
import { later } from '../core/later.js';

const JobLine = later(() => import('../parts/job-line.js').then(module => module.JobLine));

export function RunningJobs() {
  const jobs = useResource('jobs?limit=20', { events: ['job.changed'] });
  const open = jobs.data?.items.filter(job => job.state === 'running' || job.state === 'queued') ?? [];
  const running = open.filter(job => job.state === 'running').length;
  return html`<header><h2>Jobs</h2><small>${open.length ? `${running} running, ${open.length - running} queued` : ''}
    </small>
    <a class="push" href=${link('jobs')}>All jobs</a></header>
    ${open.length ? html`<ul class="list rows">
      ${open.slice(0, 5).map(job => html`<${JobLine} key=${job.id} job=${job}/>`)}</ul>`
      : html`<${Empty} title="No job runs"/>`}`;
}
