// @ts-check
// Which machines the list shows, in which order, as the address says.
import { useMemo } from '../core/ui.js';
import { route } from '../core/router.js';
import { images, machines, profiles } from '../core/stores.js';
import { machineState, urgency } from '../parts/boot-phases.js';
import { profileOf } from '../parts/profile-of.js';

const texts = new WeakMap();

/** All that a search looks through, in lower case. */
function textOf(machine) {
  if (!texts.has(machine)) {
    texts.set(machine, [machine.name, ...machine.macs, machine.serial, machine.asset, machine.uuid, machine.notes,
      ...Object.entries(machine.labels).map(([key, value]) => `${key}=${value} ${key}:${value}`),
      ...Object.values(machine.identity ?? {})].join('\n').toLowerCase());
  }
  return texts.get(machine);
}

/** @param {URLSearchParams} query */
export const filters = query => ({
  q: query.get('q') ?? '', state: query.get('state') ?? '', profile: query.get('profile') ?? '',
  labels: query.getAll('label').flatMap(text => text.split(' ')).filter(Boolean), sort: query.get('sort') ?? 'name',
});

const hasLabel = (machine, label) => {
  const [key, value] = label.split('=', 2);
  return key in machine.labels && (value === undefined || machine.labels[key] === value);
};

const byName = (left, right) => left.machine.name < right.machine.name ? -1 : left.machine.name > right.machine.name
  ? 1 : 0;

/** What is missing comes last. */
const byText = (left = '~', right = '~') => left < right ? -1 : left > right ? 1 : 0;

const orders = {
  name: byName,
  state: (left, right) => urgency.indexOf(left.state.is) - urgency.indexOf(right.state.is) || byName(left, right),
  profile: (left, right) => byText(left.profile?.name, right.profile?.name) || byName(left, right),
  image: (left, right) => byText(left.profile?.image, right.profile?.image) || byName(left, right),
  lastSeenAt: (left, right) => (right.machine.lastSeenAt ?? '').localeCompare(left.machine.lastSeenAt ?? '')
    || byName(left, right),
};

/** The version a machine gets: pinned, or what is current. */
const versionOf = profile => profile && (profile.version ?? images.items.value.get(profile.image)?.current ?? null);

/** Everything the list shows, for the filters in the address. */
export function useMachineList() {
  const all = machines.use(), known = profiles.use();
  images.use();
  const wanted = filters(route.value.query), key = route.value.query.toString();
  const entries = useMemo(() => [...all.values()].map(machine => {
    const profile = profileOf(machine, known);
    return { machine, state: machineState(machine), profile, version: versionOf(profile) };
  }), [all, known, images.items.value]);
  const counts = useMemo(() => {
    const sums = { discovered: 0 };
    for (const { state } of entries) sums[state.is] = (sums[state.is] ?? 0) + 1;
    return sums;
  }, [entries]);
  const shown = useMemo(() => {
    const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
    const descending = wanted.sort.startsWith('-'), order = orders[wanted.sort.replace('-', '')] ?? byName;
    const found = entries.filter(({ machine, state, profile }) => (!wanted.state || state.is === wanted.state)
      && (!wanted.profile || profile?.name === wanted.profile) && wanted.labels.every(label => hasLabel(machine, label))
      && words.every(word => textOf(machine).includes(word)));
    found.sort(descending ? (left, right) => order(right, left) : order);
    return found;
  }, [entries, key]);
  return { entries, shown, counts, wanted, filtered: Boolean(wanted.q || wanted.state || wanted.profile
    || wanted.labels.length) };
}
