// The profiles that a machine may be given.
import { profiles } from '../stores.js';
import { bySelector } from './selector.js';

/** 'By its labels: x', then every profile. */
export const profileOptions = machine => {
  const match = machine && bySelector({ ...machine, state: 'registered' }, profiles.items.value.values());
  return [['', match ? `By its labels: ${match.name}` : 'By its labels'], ...[...profiles.items.value.keys()].sort()
    .map(name => [name, name])];
};
