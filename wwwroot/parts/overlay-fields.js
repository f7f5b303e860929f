// @ts-check
// A machine's or profile's overlay as the fields of its form, and back. What has parts stands in a field as JSON.
import { lines } from './format.js';

/** Bytes that an overlay may have. */
export const mostBytes = 4 << 20;

/**
 * A value that was stored before and is not read back.
 * @typedef {{secret: true, fingerprint: string, setAt?: string}} Kept
 */
/**
 * A secret as it is edited: none, the one that is stored, or what is typed in its place.
 * @typedef {Kept | string | null} Secret
 */
/** @typedef {{type: string, private: Secret, public?: string}} HostKey */
/** @typedef {{mac: string, dhcp?: boolean, addresses?: string[], gateway4?: string, gateway6?: string,
 *   routes?: {destination: string, gateway: string}[], dns?: string[]}} Network */
/**
 * A secret one that is stored has a fingerprint and no content.
 * @typedef {{path: string, mode: string, content?: string, contentBase64?: string, secret?: boolean,
 *   fingerprint?: string, setAt?: string}} File
 */

/** The fields, and what a person calls them. */
const own = { hostname: 'hostname', machineId: 'machine ID', authorizedKeys: 'authorized keys', hostKeys: 'host keys',
  rootPasswordHash: 'root password hash', network: 'networks', files: 'files' };

/** @param {string} kind machines or profiles */
export const labelsOf = kind => kind === 'machines' ? { ...own, secretRelease: 'release of secrets' } : own;

/** @param {string} text @returns {any} what a field with parts holds; null when it is empty */
export const read = text => text === '' ? null : JSON.parse(text);

/** @param {any} value @returns {string} '' for nothing */
export const write = value => value === null || value === undefined || (Array.isArray(value) && value.length === 0)
  ? '' : JSON.stringify(value);

/** @param {any} resource a machine or profile */
export function toFields({ overlay = {}, secretRelease }) {
  return { hostname: overlay.hostname ?? '', machineId: overlay.machineId ?? '',
    authorizedKeys: (overlay.authorizedKeys ?? []).join('\n'), hostKeys: write(overlay.hostKeys),
    rootPasswordHash: write(overlay.rootPasswordHash), network: write(overlay.network), files: write(overlay.files),
    secretRelease: secretRelease ?? '' };
}

const convert = { authorizedKeys: text => lines(text), hostKeys: read, rootPasswordHash: read, network: read,
  files: read };

/** The changes as a merge patch; an empty field says that the value goes. */
export function toBody(changes) {
  const { secretRelease, ...parts } = changes;
  const overlay = Object.fromEntries(Object.entries(parts)
    .map(([name, text]) => [name, text === '' ? null : convert[name] ? convert[name](text) : text]));
  return { ...Object.keys(overlay).length ? { overlay } : {},
    ...secretRelease === undefined ? {} : { secretRelease: secretRelease || null } };
}

/** The faults of a refusal by the form's fields instead of the resource's. */
export function relocate(problem) {
  const errors = Object.entries(problem.errors ?? {}).map(([path, texts]) => [path === '$.overlay' ? '$.files'
    : path.replace(/^\$\.overlay\./, '$.'), texts]);
  return Object.assign(problem, { errors: Object.fromEntries(errors) });
}

/** @param {Secret | undefined} secret @returns {secret is Kept} */
export const isKept = secret => secret !== null && typeof secret === 'object';

const secretInWords = secret => isKept(secret) ? `set ${secret.setAt ?? ''}`.trim() : 'a new one';

/** How a person reads the fields that are JSON; nothing secret is in it. */
export const words = {
  hostKeys: text => read(text) === 'generate' ? 'made by the server'
    : read(text).map(key => `${key.type}: ${secretInWords(key.private)}`).join('\n'),
  rootPasswordHash: text => secretInWords(read(text)),
  network: text => read(text).map(({ mac, dhcp, addresses = [], gateway4, gateway6 }) => [mac, dhcp && 'dhcp',
    ...addresses, ...[gateway4, gateway6].filter(Boolean).map(gateway => `via ${gateway}`)].filter(Boolean).join(' '))
    .join('\n'),
  files: text => read(text).map(file => `${file.path} ${file.mode} ${file.secret
    ? `secret, ${file.fingerprint ? secretInWords(file) : 'a new one'}` : contentInWords(file)}`).join('\n'),
};

const contentInWords = ({ content }) => content === undefined ? 'binary'
  : content.length > 40 ? `“${content.slice(0, 40)}…”` : `“${content}”`;

/** Bytes of a file's content as far as it is here: of a secret that is stored, none. @param {File} file */
export const sizeOf = ({ content, contentBase64 }) => contentBase64 === undefined
  ? new TextEncoder().encode(content ?? '').length
  : contentBase64.length / 4 * 3 - (contentBase64.match(/=*$/)?.[0].length ?? 0);

/** What is not filled in, by path; it would be taken for nothing. @param {(name: string) => string} get a field */
export function blanks(get) {
  const found = {}, blank = 'Enter it, or keep what was set.';
  if (read(get('rootPasswordHash')) === '') found['$.rootPasswordHash'] = [blank];
  const keys = read(get('hostKeys'));
  for (const [at, key] of Array.isArray(keys) ? keys.entries() : [])
    if (key.private === '') found[`$.hostKeys[${at}].private`] = [blank];
  return found;
}
