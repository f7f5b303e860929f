// @ts-check
// Who is logged in, and from where.
import { html } from '../core/ui.js';
import { remove } from '../core/api.js';
import { useResource } from '../core/resource.js';
import { session } from '../core/session.js';
import { Age } from '../parts/basics.js';
import { ask } from '../parts/dialog.js';
import { Ghost, Trouble, toast } from '../parts/messages.js';

const Row = ({ entry, end, own }) => html`<tr><th scope="row"><bdi>${entry.name}</bdi>${own
  && html` <span class="tag">this one</span>`}<span class="sub">${entry.role}</span></th>
  <td class="mono">${entry.address ?? '–'}</td><td class="s-hide"><${Age} at=${entry.createdAt}/></td>
  <td><${Age} at=${entry.lastUsedAt}/></td><td class="s-hide"><${Age} at=${entry.expiresAt}/></td>
  <td class="num"><button class="btn" type="button"
    aria-label=${`End… the session of ${entry.name} from ${entry.address}`}
    onClick=${end}>End…</button></td></tr>`;

export function Sessions() {
  const sessions = useResource('sessions?limit=1000', { poll: false });
  const end = async entry => {
    if (!await ask({ title: `End the session of ${entry.name}?`, action: 'End session', keep: 'Let it go on',
      text: entry.id === session.value?.id ? 'It is your own: you have to log in again.'
        : `Whoever works in it from ${entry.address ?? 'there'} has to log in again.` })) return;
    try {
      await remove(`sessions/${encodeURIComponent(entry.id)}`);
      toast(`Session of ${entry.name} ended`);
      sessions.reload();
    } catch (problem) { toast(problem.message); }
  };
  return html`<section class="panel" aria-labelledby="h-ses"><header><h2 id="h-ses">Sessions</h2><small>
    ${sessions.data?.items.length}</small></header>
    ${sessions.problem && !sessions.data ? html`<${Trouble} problem=${sessions.problem} retry=${sessions.reload}/>`
      : !sessions.data ? html`<${Ghost}/>`
      : html`<div class="scroll"><table><thead><tr><th scope="col">who</th><th scope="col">from</th>
        <th scope="col" class="s-hide">since</th>
          <th scope="col">used</th><th scope="col" class="s-hide">ends</th><th scope="col">
            <span class="vh">actions</span></th></tr></thead>
          <tbody>${sessions.data.items.map(entry =>
            html`<${Row} key=${entry.id} entry=${entry}
              own=${entry.id === session.value?.id} end=${() => end(entry)}/>`)}</tbody></table></div>`}
              </section>`;
}
