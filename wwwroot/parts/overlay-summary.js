// @ts-check
// What a machine's or profile's own overlay has, in short, and the way to its editor.
import { html } from '../core/ui.js';
import { get } from '../core/api.js';
import { later } from '../core/later.js';
import { Age } from './basics.js';
import { show } from './dialog.js';
import { mayChange } from './managed.js';
import { plural } from './format.js';
import { toast } from './messages.js';

const OverlayForm = later(() => import('./overlay-form.js').then(module => module.OverlayForm));

/** Lists leave long contents out: it is read whole before it is edited. */
async function edit(kind, name, saved) {
  try {
    const resource = await get(`${kind}/${encodeURIComponent(name)}`);
    await show(close => html`<${OverlayForm} kind=${kind} resource=${resource} saved=${saved} close=${close}/>`);
  } catch (problem) { toast(problem.message, { seconds: 12 }); }
}

const keys = hostKeys => hostKeys === 'generate' ? 'made by the server' : hostKeys.map(key => key.type).join(', ');

const Files = ({ files }) => {
  const secret = files.filter(file => file.secret).length;
  return html`${plural(files.length, 'file')}${secret > 0 && `, ${secret} secret`}`;
};

const Rows = ({ overlay: { hostname, machineId, authorizedKeys, hostKeys, rootPasswordHash, network, files } }) =>
  html`<dl class="body kv">${hostname && html`<dt>hostname</dt><dd><code>${hostname}</code></dd>`}
    ${machineId && html`<dt>machine ID</dt><dd><code>${machineId}</code></dd>`}
    ${authorizedKeys && html`<dt>root’s keys</dt><dd>${plural(authorizedKeys.length, 'authorized key')}</dd>`}
    ${hostKeys && html`<dt>host keys</dt><dd>${keys(hostKeys)}</dd>`}
    ${rootPasswordHash && html`<dt>root password</dt><dd>set <${Age} at=${rootPasswordHash.setAt}/></dd>`}
    ${network && html`<dt>networks</dt><dd>${network.map(({ mac }) => html`<code key=${mac}>${mac}</code> `)}</dd>`}
    ${files && html`<dt>files</dt><dd><${Files} files=${files}/></dd>`}</dl>`;

/**
 * @param {object} props
 * @param {'machines' | 'profiles'} props.kind
 * @param {any} props.of the machine or profile
 * @param {(stored: any) => void} props.saved
 */
export const OverlaySummary = ({ kind, of, saved }) => html`<header><h2>Overlay</h2>
    <small>files beside the image</small>
    ${mayChange(of) && html`<button class="btn push" type="button" onClick=${() => edit(kind, of.name, saved)}
      aria-label="Edit overlay">Edit…</button>`}</header>
  ${of.overlay ? html`<${Rows} overlay=${of.overlay}/>` : html`<p class="body muted">none</p>`}`;
