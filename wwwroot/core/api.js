// @ts-check
// The only door to the server: JSON in and out, problems as errors, the CSRF token and ETags in their places.
import { Problem, problemOf, silence, unanswered } from './problem.js';

const base = new URL('..', import.meta.url), root = new URL('api/v1/', base).href;

/** What the rest of the program hangs on to the door; state.js and session.js set it. */
export const wire = {
  /** @type {string | null} */ csrf: null,
  /** Asks a person to log in again; resolves when that has worked. @type {() => Promise<void>} */
  logIn: () => Promise.reject(new Error('No log-in here.')),
  /** Learns whose session this is now. @type {() => Promise<boolean>} whether it is still the same person's */
  renew: () => Promise.resolve(false),
  /** The server did not answer at all. */ away() {},
  /** The server answered. */ back() {},
};

/** The address of a path below /api/v1, for links and EventSource. */
export const address = path => root + path;

export const get = (path, options) => send('GET', path, options);
export const put = (path, body, options) => send('PUT', path, { ...options, body });
export const post = (path, body, options) => send('POST', path, { ...options, body });
export const remove = (path, options) => send('DELETE', path, options);

/** Merges into a resource (RFC 7396). */
export const patch = (path, body, options) =>
  send('PATCH', path, { ...options, body, type: 'application/merge-patch+json' });

/** The header that makes a change conditional on the revision it was made from. */
export const ifRevision = revision => ({ headers: { 'If-Match': `"${revision}"` } });

/** The header that lets a change make something, but not replace anything. */
export const ifAbsent = { headers: { 'If-None-Match': '*' } };

/** Milliseconds that an answer may take, its body included; a change may be much work. */
const patience = { GET: 20_000, other: 60_000 };

/** Milliseconds in which the server says that it is there. */
const presence = 5000;

/**
 * Sends one request. A session that has ended is renewed in between, so that what a person typed is not lost.
 * @param {{body?: any, type?: string, headers?: Record<string, string>, text?: boolean, bytes?: boolean,
 *   signal?: AbortSignal, anonymous?: boolean, patience?: number}} options patience: milliseconds, for what takes long
 */
async function send(method, path, options = {}) {
  let { answer, body } = await attempt(method, path, options);
  if (answer.status === 401 && !options.anonymous) {
    await wire.logIn();
    ({ answer, body } = await attempt(method, path, options));
  } else if (answer.status === 403 && body?.type === '/problems/csrf-missing' && !options.anonymous) {
    if (!await wire.renew()) throw new Problem(403, { title: 'Another session began in this browser',
      detail: 'Nothing was changed. Look who is logged in now, and do it again.' });
    ({ answer, body } = await attempt(method, path, options));
  }
  if (answer.ok) return body;
  throw problemOf(answer.status, body, answer.headers.get('Retry-After'));
}

let ahead = 0;

/** The server's time in milliseconds; what it dates is compared with this, however far off the browser's clock is. */
export const serverTime = () => Date.now() + ahead;

/** Each answer says within two seconds what the server's time was between its request and now: servers renew their
 *  Date once a second. */
function setClock(date, sent) {
  const said = Date.parse(date ?? '');
  if (!Number.isNaN(said)) ahead = Math.min(Math.max(ahead, said - Date.now()), said + 2000 - sent);
}

/** Asks once. @returns {Promise<{answer: Response, body: any}>} body: what was read of it, null when it is no JSON */
async function attempt(method, path, options) {
  const { body, type = 'application/json', headers = {}, signal } = options;
  const all = { Accept: 'application/json', ...headers };
  if (method !== 'GET' && wire.csrf) all['X-CSRF-Token'] = wire.csrf;
  if (body !== undefined) all['Content-Type'] = type;
  const sent = Date.now(), payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const late = AbortSignal.timeout(options.patience ?? patience[method] ?? patience.other);
  try {
    const answer = await fetch(path === '' ? root.slice(0, -1) : root + path, { method, headers: all, body: payload,
      signal: signal ? AbortSignal.any([signal, late]) : late, cache: 'no-store' });
    setClock(answer.headers.get('Date'), sent);
    const json = answer.headers.get('Content-Type')?.includes('json');
    if (answer.status < 502 || answer.status > 504 || json) wire.back();
    return { answer, body: await bodyOf(answer, json, options) };
  } catch (error) {
    if (signal?.aborted) throw error;
    wire.away();
    throw method === 'GET' ? silence() : unanswered();
  }
}

async function bodyOf(answer, json, { text, bytes }) {
  if (answer.ok && bytes) return new Uint8Array(await answer.arrayBuffer());
  return answer.ok && text ? answer.text() : json ? answer.json() : null;
}

/** Whether the server answers at all; never throws. */
export async function answers() {
  try {
    return (await fetch(new URL('healthz', base), { cache: 'no-store', signal: AbortSignal.timeout(presence) })).ok;
  } catch {
    return false;
  }
}

/** The paths the server has. */
export const operations = async () => (await get('')).paths;

/**
 * Uploads a form and tells how far it has come; fetch cannot tell that. Whose session has ended logs in before the
 * bytes go, not after.
 * @param {(sent: number, total: number) => void} progress
 */
export async function upload(path, form, progress, signal) {
  await get('session', { signal });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', root + path);
    request.responseType = 'json';
    request.setRequestHeader('Accept', 'application/json');
    if (wire.csrf) request.setRequestHeader('X-CSRF-Token', wire.csrf);
    request.upload.onprogress = event => progress(event.loaded, event.total);
    request.onload = () => request.status < 300 ? resolve(request.response)
      : reject(problemOf(request.status, request.response, request.getResponseHeader('Retry-After')));
    request.onerror = () => reject(unanswered());
    request.onabort = () => reject(new DOMException('Cancelled', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
