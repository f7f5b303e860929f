// @ts-check
// Which profile a machine gets: the server says it with the machine.

/**
 * @param {{effectiveProfile?: {name: string}}} machine as the API shows it
 * @param {Map<string, any>} profiles
 */
export const profileOf = (machine, profiles) => profiles.get(machine.effectiveProfile?.name ?? '') ?? null;
