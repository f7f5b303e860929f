// @ts-check
// What went wrong with a request.

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

/** A change that no answer came to. */
export const unanswered = () => new Problem(0, { title: 'The server did not answer',
  detail: 'It may have made the change or not: look before you try again.' });

/** What an answer that is no success says. */
export const problemOf = (status, body, retryAfter) =>
  new Problem(status, body ?? { title: `The server answered ${status}` }, retryAfter ? Number(retryAfter) : null);
