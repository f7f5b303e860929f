// A job as one line with its progress.
import { html } from '../ui.js';
import { link } from '../router.js';
import { byteProgress } from './format.js';
import { Age, State } from './basics.js';

/** Words for how far it is. */
export function progressText(progress) {
  if (!progress) return '';
  const parts = [progress.phase];
  if (progress.totalSteps) parts.push(`${progress.doneSteps ?? 0} of ${progress.totalSteps}`);
  if (progress.totalBytes) parts.push(byteProgress(progress.doneBytes ?? 0, progress.totalBytes));
  return parts.filter(Boolean).join(', ');
}

export const jobTitle = job => [job.kind, job.image].filter(Boolean).join(' ');

/** A bar; of unknown length while nothing says how much there is to do. */
export function JobBar({ job }) {
  const progress = job.progress ?? {}, max = progress.totalBytes ?? progress.totalSteps;
  const value = progress.totalBytes ? progress.doneBytes ?? 0 : progress.doneSteps ?? 0;
  const label = `${jobTitle(job)}: ${progressText(job.progress) || job.state}`;
  return max ? html`<progress class="thin" value=${value} max=${max} aria-label=${label}></progress>`
    : html`<progress class="thin" aria-label=${label}></progress>`;
}

export const JobLine = ({ job }) => html`<li data-state=${job.state}><div class="bar"><${State} is=${job.state}>
  <a href=${link('jobs', job.id)}>${jobTitle(job)}</a><//><span class="push muted"><${Age} at=${job.startedAt ?? job.createdAt}/></span></div>
  ${job.state === 'running' && html`<${JobBar} job=${job}/>`}
  <span class="sub">${job.state === 'queued' ? 'waits for a free place' : progressText(job.progress)}</span></li>`;
