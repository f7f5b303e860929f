// @ts-check
// Logging in, and again when the session has ended in the middle of something.
import { html, signal, useEffect, useRef, useState } from '../core/ui.js';
import { interrupted, logIn, session } from '../core/session.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/basics.js';

const waitUntil = signal(0);

/** A password or a token, what went wrong with it, and how long to wait. */
function useLogIn() {
  const [way, setWay] = useState('password'), [fault, setFault] = useState(''), [busy, setBusy] = useState(false),
    [left, setLeft] = useState(0);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(Math.max(0, Math.ceil((waitUntil.value - Date.now()) / 1000))), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  async function enter() {
    const secret = field.current?.value;
    if (!secret) return setFault(way === 'password' ? 'Type the password.' : 'Paste a token.');
    setBusy(true);
    try {
      await logIn(way === 'password' ? { password: secret } : { token: secret });
    } catch (problem) {
      setFault(problem.status === 401
        ? `That is not ${way === 'password' ? 'the password' : 'a token this server knows'}.` : problem.detail);
      if (problem.retryAfter) { waitUntil.value = Date.now() + problem.retryAfter * 1000; setLeft(problem.retryAfter);
        setFault('Too many tries from this address.'); }
      setBusy(false);
      field.current?.select();
    }
  }
  const pick = next => { setWay(next); setFault(''); if (field.current) field.current.value = ''; };
  return { way, pick, enter, busy, field, fault: fault && left > 0 ? `${fault} Next try in ${left} s.` : fault,
    blocked: left > 0 };
}

const Secret = ({ it, label }) =>
  html`<div class="field" id="panel-secret" role="tabpanel" aria-labelledby=${`tab-${it.way}`}>
  <label for="secret">${label}</label>
  <input id="secret" ref=${it.field} type="password" autocomplete=${it.way === 'password' ? 'current-password'
    : 'off'} autofocus
    aria-invalid=${it.fault ? 'true' : undefined} aria-describedby=${it.fault ? 'secret-fault' : undefined}/>
  ${it.fault && html`<p class="error" id="secret-fault" role="alert">${it.fault}</p>`}</div>`;

const ways = ['password', 'token'];

function Ways({ it }) {
  const move = event => {
    if (!event.key.startsWith('Arrow')) return;
    event.preventDefault();
    const next = it.way === 'password' ? 'token' : 'password';
    it.pick(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label="Log in with" onKeyDown=${move}>
    ${ways.map(way => html`<button role="tab" type="button" key=${way}
    id=${`tab-${way}`} aria-controls="panel-secret" aria-selected=${it.way === way}
      tabindex=${it.way === way ? 0 : -1} onClick=${() => it.pick(way)}>${way === 'password' ? 'Password' : 'Token'}
        </button>`)}</div>`;
}

/** The page before everything else. */
export function LogIn() {
  const it = useLogIn();
  useEffect(() => { document.title = 'Log in · NetbootServer'; it.field.current?.focus(); }, []);
  return html`<main class="login" id="main">
    <form novalidate onSubmit=${event => { event.preventDefault(); it.enter(); }}>
    <div class="rows"><p class="brand"><${Icon} name="brand"/>NetbootServer</p><h1>Log in to ${location.host}</h1></div>
    <${Ways} it=${it}/>
    <${Secret} it=${it} label=${it.way === 'password' ? 'Admin password' : 'Token'}/>
    <button class="btn main" type="submit" disabled=${it.blocked} aria-busy=${it.busy}>Log in</button>
    <small>${it.way === 'password'
      ? html`First time? The password was printed in the server’s terminal, or stands in
        ${' '}<code>initial-admin-password</code> in its
        data directory. The file goes at the first log-in.`
      : html`A token made on the page Access, or the one of the setting <code>Access:AdminToken</code>.`}</small>
  </form></main>`;
}

/** Over the page that somebody works on: it stays as it is. */
export function LogInAgain() {
  const it = useLogIn();
  if (!interrupted.value || !session.value) return null;
  return html`<${Dialog} title="Your session has ended" close=${() => {}} onSubmit=${it.enter}
    footer=${html`<button class="btn main" type="submit" disabled=${it.blocked} aria-busy=${it.busy}>Log in</button>`}>
    <${Ways} it=${it}/><${Secret} it=${it} label=${it.way === 'password' ? 'Password, to go on where you were'
      : 'Token, to go on where you were'}/><//>`;
}
