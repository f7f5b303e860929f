// The only door to the server: JSON in and out, problems as errors, the CSRF token and ETags in their places.

const root = new URL('api/v1/', document.baseURI).href;

/** What the rest of the program hangs on to the door; state.js and session.js set it. */
export const wire = {
  /** @type {string | null} */ csrf: null,
  /** Asks a person to log in again; resolves when that has worked. @type {() => Promise<void>} */
  logIn: () => Promise.reject(new Error('No log-in here.')),
  /** The server did not answer at all. */ away() {},
  /** The server answered. */ back() {},
};

/** A refusal by the server (RFC 9457), or its silence (status 0). */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.title = body.title ?? 'It did not work';
    this.detail = body.detail ?? '';
    this.type = body.type;
    this.requestId = body.requestId;
    /** Faults by JSON path. @type {Record<string, string[]>} */ this.errors = body.errors ?? {};
    /** Who still refers to it. @type {string[]} */ this.users = body.users ?? [];
    /** Seconds. @type {number | null} */ this.retryAfter = retryAfter;
  }
}

export const silence = () => new Problem(0, { title: 'The server does not answer', detail: 'Trying again by itself.' });

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

/**
 * Sends one request. A session that has ended is renewed in between, so that what a person typed is not lost.
 * @param {{body?: any, type?: string, headers?: Record<string, string>, text?: boolean, signal?: AbortSignal,
 *   anonymous?: boolean, from?: 'root'}} options
 */
async function send(method, path, options = {}) {
  const answer = await attempt(method, path, options);
  if (answer.status === 401 && !options.anonymous) {
    await wire.logIn();
    return read(await attempt(method, path, options), options);
  }
  return read(answer, options);
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

async function attempt(method, path, { body, type = 'application/json', headers = {}, signal }) {
  const all = { Accept: 'application/json', ...headers };
  if (method !== 'GET' && wire.csrf) all['X-CSRF-Token'] = wire.csrf;
  if (body !== undefined) all['Content-Type'] = type;
  const sent = Date.now(), payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  try {
    const answer = await fetch(path === '' ? root.slice(0, -1) : root + path,
      { method, headers: all, body: payload, signal, cache: 'no-store' });
    setClock(answer.headers.get('Date'), sent);
    if (answer.status < 502 || answer.status > 504 || answer.headers.get('Content-Type')?.includes('json')) wire.back();
    return answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    wire.away();
    throw silence();
  }
}

async function read(answer, { text }) {
  if (answer.ok && text) return answer.text();
  const body = answer.headers.get('Content-Type')?.includes('json') ? await answer.json() : null;
  if (answer.ok) return body;
  throw problemOf(answer.status, body, answer.headers.get('Retry-After'));
}

const problemOf = (status, body, retryAfter) =>
  new Problem(status, body ?? { title: `The server answered ${status}` }, retryAfter ? Number(retryAfter) : null);

/** Reads text as it comes, such as a log that is followed. @param {(text: string) => void} take */
export async function stream(path, take, signal) {
  const answer = await attempt('GET', path, { signal });
  if (!answer.ok) return read(answer, {});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) take(part.value);
}

/** Whether the server answers at all; never throws. */
export async function answers() {
  try {
    return (await fetch(new URL('healthz', document.baseURI), { cache: 'no-store' })).ok;
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
    request.onerror = () => reject(silence());
    request.onabort = () => reject(new DOMException('Cancelled', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
