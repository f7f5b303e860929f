// @ts-check
// Starts the dashboard: theme, session, then the shell with the page that the address names.
import { html, render, useEffect } from './core/ui.js';
import { resume, session } from './core/session.js';
import { start } from './core/state.js';
import { hasDrafts } from './core/drafts.js';
import { later } from './core/later.js';
import { applyTheme } from './parts/theme.js';
import { Shell } from './shell/shell.js';

const LogIn = later(() => import('./access/log-in.js').then(module => module.LogIn));

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

function App() {
  const known = session.value !== null, id = session.value?.id ?? '';
  useEffect(() => known ? start(id) : undefined, [known, id]);
  return known ? html`<${Shell}/>` : html`<${LogIn}/>`;
}

applyTheme();
addEventListener('beforeunload', event => { if (hasDrafts()) event.preventDefault(); });

/** While the server is away there is nothing to show yet: ask until it answers. */
async function begin() {
  try {
    await resume();
    render(html`<${App}/>`, root);
  } catch {
    const { Starting } = await import('./shell/away-banner.js');
    render(html`<${Starting}/>`, root);
    setTimeout(begin, 2000);
  }
}

begin();
