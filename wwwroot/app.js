// Starts the dashboard: theme, session, then the shell with the page that the address names.
import { html, render, useEffect } from './ui.js';
import { resume, session } from './session.js';
import { start } from './state.js';
import { hasDrafts } from './drafts.js';
import { later } from './parts/later.js';
import { applyTheme } from './parts/theme.js';
import { Shell } from './shell.js';

const LogIn = later(() => import('./pages/login.js').then(module => module.LogIn));

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
    render(html`<${App}/>`, document.getElementById('app'));
  } catch {
    const { Starting } = await import('./parts/away.js');
    render(html`<${Starting}/>`, document.getElementById('app'));
    setTimeout(begin, 2000);
  }
}

begin();
