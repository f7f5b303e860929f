// @ts-check
// A job as one line with its progress.
import { html } from '../core/ui.js';
import { progressOf } from './job-progress.js';
import { link } from '../core/router.js';
import { byteProgress, bytes, duration, plural, rate } from './format.js';
import { Age, State } from './basics.js';

/** Words for how far it is. */
export function progressText(job) {
  const progress = progressOf(job);
  if (!progress) return '';
  const { phase, doneSteps, totalSteps, doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
  const parts = [phase];
  if (totalSteps) parts.push(`${doneSteps ?? 0} of ${totalSteps}`);
  if (totalBytes) parts.push(byteProgress(doneBytes ?? 0, totalBytes));
  else if (doneBytes) parts.push(bytes(doneBytes));
  if (job.state === 'running' && bytesPerSecond) parts.push(rate(bytesPerSecond));
  if (job.state === 'running' && secondsLeft) parts.push(`${duration(secondsLeft)} left`);
  return parts.filter(Boolean).join(', ');
}

/** As a heading: 'Refresh of', then the image. */
export const jobHeading = job => `${job.kind[0].toUpperCase()}${job.kind.slice(1)}${job.image ? ' of' : ''}`;

export const jobTitle = job => [job.kind, job.image].filter(Boolean).join(' ');

/** A bar; of unknown length while nothing says how much there is to do. */
export function JobBar({ job, thin = true }) {
  const progress = progressOf(job) ?? {}, max = progress.totalBytes ?? progress.totalSteps;
  const value = progress.totalBytes ? progress.doneBytes ?? 0 : progress.doneSteps ?? 0;
  const label = `${jobTitle(job)}: ${progressText(job) || job.state}`, look = thin ? 'thin' : undefined;
  return max ? html`<progress class=${look} value=${Math.min(value, max)} max=${max} aria-label=${label}></progress>`
    : html`<progress class=${look} aria-label=${label}></progress>`;
}

/** What happens to it next, or why it ended. */
export function jobSub(job) {
  if (job.state === 'running') return progressText(job) || 'begins';
  if (job.state === 'failed') return job.problem?.detail ?? job.problem?.title ?? 'nobody knows why';
  if (job.state === 'queued') return job.attempt > 0
    ? html`try ${job.attempt + 1} <${Age} at=${job.notBefore}/>: ${job.problem?.detail}` : 'waits for its turn';
  return job.state === 'succeeded' && job.version ? `version ${job.version.slice(0, 8)}` : '';
}

export const JobLine = ({ job }) => html`<li data-state=${job.state}>
  <div class="bar"><${State} is=${job.state}><a href=${link('jobs', job.id)}>${jobTitle(job)}</a><//>
    <span class="push muted"><${Age} at=${job.startedAt ?? job.createdAt}/></span></div>
  ${job.state === 'running' && html`<${JobBar} job=${job}/>`}<span class="sub breakable">${jobSub(job)}</span></li>`;

/** "3 tries", when it took more than one. */
export const tries = job => job.attempt > 1 ? plural(job.attempt, 'try', 'tries') : '';
