// @ts-check
// The whole server in a few numbers: the rail keeps them for all pages.
import { signal, useEffect } from '../core/ui.js';
import { has } from '../core/state.js';
import { useResource } from '../core/resource.js';

/** The last answer of `GET /overview`; null before the first. */
export const totals = signal(/** @type {any} */ (null));

/** Keeps them up to date. */
export function useTotals() {
  const overview = useResource(has('overview') ? 'overview' : null, { pause: 1500,
    events: ['machine.changed', 'boot.changed', 'image.changed', 'profile.changed', 'job.changed'] });
  useEffect(() => { if (overview.data) totals.value = overview.data; }, [overview.data]);
}
