// @ts-check
// Who is logged in. The cookie is the server's business; here is only what it told about it.
import { signal } from './ui.js';
import { get, post, remove, wire } from './api.js';

/** @type {import('@preact/signals').Signal<null | {name: string, role: string, expiresAt?: string, id?: string}>} */
export const session = signal(null);

/** Whether the session ended while somebody was working: the page stays, a dialog asks for the password. */
export const interrupted = signal(false);

// Asking without a session would be an error in every visitor's console; so remember whether there was one. Its id
// tells the other tabs when it changes: they share the cookie.
const hint = 'netboot-logged-in';
let waiting = [];

function enter(answer) {
  session.value = { name: answer.name, role: answer.role, expiresAt: answer.expiresAt, id: answer.id };
  wire.csrf = answer.csrfToken ?? null;
  localStorage.setItem(hint, answer.id ?? '1');
  interrupted.value = false;
  for (const { resolve } of waiting.splice(0)) resolve();
}

function leave() {
  localStorage.removeItem(hint);
  session.value = null;
  wire.csrf = null;
  interrupted.value = false;
  // What waited for this person to log in again is not done in the name of the next one.
  for (const { reject } of waiting.splice(0)) reject(new Error('Logged out.'));
}

/** Takes up the session of an earlier visit or of another tab, if it is there. */
export async function resume() {
  if (!localStorage.getItem(hint)) return;
  try {
    enter(await get('session', { anonymous: true }));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    leave();
  }
}

addEventListener('storage', ({ key, newValue }) => { // another tab has logged in or out
  if (key !== hint && key !== null) return;
  if (!newValue) leave();
  else if (newValue !== session.peek()?.id || interrupted.peek()) resume().catch(console.warn);
});

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
  return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
};

/** Another session may have taken the place of this tab's. @returns whether it is still the same person's */
wire.renew = async () => {
  const before = session.peek();
  await resume();
  const now = session.peek();
  return before !== null && now !== null && before.name === now.name && before.role === now.role;
};

const ranks = { viewer: 0, operator: 1, admin: 2 };

/** Whether the role is enough; the server decides anyway, this only hides what would be refused. */
export const may = role => ranks[session.value?.role] >= ranks[role];
