// @ts-check
// Style sheets that only some pages need: the first page does not wait for them.

/** @type {Map<string, Promise<void>>} */
const asked = new Map();

/**
 * Loads a style sheet once. Resolves when it applies, and also when it cannot be loaded: a page without it is plain,
 * not lost.
 * @param {string} path below the dashboard's own address, such as css/images.css
 * @returns {Promise<void>}
 */
export function styleSheet(path) {
  const known = asked.get(path);
  if (known) return known;
  const loading = new Promise(done => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL(`../${path}`, import.meta.url).href;
    link.onload = link.onerror = () => done(undefined);
    document.head.append(link);
  });
  asked.set(path, loading);
  return loading;
}
