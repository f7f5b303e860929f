// @ts-check
// How far jobs are; told a few times a second, without the rest of the job.
import { signal } from '../core/ui.js';
import { on } from '../core/state.js';

/** Newest progress by the job's id. */
const progress = signal(new Map());

/** @returns the newest that is known of a job's progress */
export const progressOf = job => job.state === 'running' ? progress.value.get(job.id) ?? job.progress : job.progress;

on('job.progress', ({ job, ...rest }) => { progress.value = new Map(progress.peek()).set(job, rest); });

on('job.changed', job => {
  if (job.state === 'running' || !progress.peek().has(job.id)) return;
  const next = new Map(progress.peek());
  next.delete(job.id);
  progress.value = next;
});
