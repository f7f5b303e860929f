// @ts-check
// A profile that has no name yet.

const nameless = 'new-profile';

/** The name in paths and answers of a profile that has none yet. @param {string} name */
export const nameOf = name => name || nameless;
