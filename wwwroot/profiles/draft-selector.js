// @ts-check
// Which machines a profile would get if it were as it is typed, for a preview while one types. What machines get of
// what is saved comes from the server, with each machine (parts/profile-of.js).

/** What selectors see of a machine. @param {any} machine @returns {Record<string, string>} */
export function attributes(machine) {
  const seen = { ...machine.identity };
  if (!seen.mac && machine.macs[0]) seen.mac = machine.macs[0];
  if (machine.state !== 'registered') return seen;
  Object.assign(seen, machine.labels);
  for (const name of ['uuid', 'serial', 'asset', 'arch']) if (machine[name]) seen[name] = machine[name];
  return seen;
}

/** @param {Record<string, string>} selector @param {any} machine */
export function matches(selector, machine) {
  const wanted = Object.entries(selector);
  if (wanted.length === 0) return false;
  const seen = attributes(machine);
  return wanted.every(([key, value]) => seen[key] === value);
}

/** Most labels, then the highest priority, then by name. */
const better = (left, right) => Object.keys(right.selector).length - Object.keys(left.selector).length
  || right.priority - left.priority || (left.name < right.name ? -1 : 1);

/** The profile a machine gets when it has none of its own. @param {any} machine @param {Iterable<any>} profiles */
export const bySelector = (machine, profiles) =>
  [...profiles].filter(profile => matches(profile.selector, machine)).sort(better)[0] ?? null;

/** The profile a machine gets. @param {any} machine @param {Map<string, any>} profiles */
export const profileOf = (machine, profiles) =>
  machine.state === 'registered' && machine.profile ? profiles.get(machine.profile) ?? null
    : bySelector(machine, profiles.values());
