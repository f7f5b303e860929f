// @ts-check
// The profiles that a machine may be given.
import { profiles } from '../core/stores.js';
import { bySelector } from '../parts/selector.js';

/** 'By its labels: x', then every profile. */
export const useProfileOptions = machine => {
  const known = profiles.use();
  const match = machine && bySelector({ ...machine, state: 'registered' }, known.values());
  return [['', match ? `By its labels: ${match.name}` : 'By its labels'], ...[...known.keys()].sort()
    .map(name => [name, name])];
};
