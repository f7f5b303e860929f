// @ts-check
// The profiles that a machine may be given.
import { profiles } from '../core/stores.js';

/** The profile that a machine has without one of its own. */
export const byLabels = machine =>
  machine?.effectiveProfile?.by === 'machine' ? machine.effectiveProfile.otherwise : machine?.effectiveProfile?.name;

/** 'By its labels: x', then every profile. @param {any} machine null: none in particular */
export const useProfileOptions = machine => {
  const known = profiles.use(), match = byLabels(machine);
  return [['', match ? `By its labels: ${match}` : 'By its labels'], ...[...known.keys()].sort()
    .map(name => [name, name])];
};
