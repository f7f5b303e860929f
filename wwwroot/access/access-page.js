// @ts-check
// Who may do what: tokens, sessions, and who did what.
import { html } from '../core/ui.js';
import { link, route } from '../core/router.js';
import { may } from '../core/session.js';
import { useTitle } from '../core/title.js';
import { Empty } from '../parts/messages.js';
import { Tokens } from './tokens.js';
import { Sessions } from './sessions.js';
import { Audit } from './audit.js';

const Roles = () => html`<section class="panel w5" aria-labelledby="h-role"><header>
  <h2 id="h-role">What a role may do</h2></header>
  <dl class="body kv"><dt>viewer</dt><dd>Reads everything but tokens, sessions and the audit.</dd>
    <dt>operator</dt><dd>Also machines, profiles, next boots, refreshes.</dd>
    <dt>admin</dt><dd>All of it: images, tokens, sessions, audit.</dd></dl></section>`;

export default function Access() {
  useTitle('Access');
  const sessions = route.value.query.get('show') === 'sessions';
  if (!may('admin')) return html`<div class="head"><h1>Access</h1></div><section class="panel" aria-label="Access">
    <${Empty} title="Only an admin sees this">Your role is too low for tokens, sessions and the audit.
      Ask an admin for a higher one.<//></section>`;
  return html`<div class="head"><h1>Access</h1><nav class="tabs" aria-label="Access">
      <a href=${link('access')} aria-current=${sessions ? undefined : 'page'}>Tokens and audit</a>
      <a href=${link('access', null, { show: 'sessions' })} aria-current=${sessions ? 'page' : undefined}>Sessions</a>
        </nav></div>
    ${sessions ? html`<${Sessions}/>` : html`<${Tokens}/><${Roles}/><${Audit}/>`}`;
}
