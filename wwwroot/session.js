// Who is logged in. The cookie is the server's business; here is only what it told about it.
import { signal } from './ui.js';
import { get, post, remove, wire } from './api.js';

/** @type {import('@preact/signals').Signal<null | {name: string, role: string, expiresAt?: string, id?: string}>} */
export const session = signal(null);

/** Whether the session ended while somebody was working: the page stays, a dialog asks for the password. */
export const interrupted = signal(false);

// Asking without a session would be an error in every visitor's console; so remember whether there was one.
const hint = 'netboot-logged-in';
let waiting = [];

function enter(answer) {
  session.value = { name: answer.name, role: answer.role, expiresAt: answer.expiresAt, id: answer.id };
  wire.csrf = answer.csrfToken ?? null;
  localStorage.setItem(hint, '1');
  interrupted.value = false;
  for (const resume of waiting.splice(0)) resume();
}

function leave() {
  localStorage.removeItem(hint);
  session.value = null;
  wire.csrf = null;
}

/** Takes up the session of an earlier visit, if it is still there. */
export async function resume() {
  if (!localStorage.getItem(hint)) return;
  try {
    enter(await get('session', { anonymous: true }));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    leave();
  }
}

/** @param {{password: string} | {token: string}} credentials */
export async function logIn(credentials) {
  enter(await post('session', credentials, { anonymous: true }));
}

export async function logOut() {
  await remove('session');
  leave();
  location.hash = '#/';
}

wire.logIn = () => {
  if (!session.value) return Promise.reject(new Error('Log in first.'));
  interrupted.value = true;
  return new Promise(resolve => waiting.push(resolve));
};

const ranks = { viewer: 0, operator: 1, admin: 2 };

/** Whether the role is enough; the server decides anyway, this only hides what would be refused. */
export const may = role => ranks[session.value?.role] >= ranks[role];
