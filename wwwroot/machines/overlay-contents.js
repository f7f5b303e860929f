// @ts-check
// What a machine's overlay will contain at its next boot, how each part gets there, and when its secrets leave.
import { html, useState } from '../core/ui.js';
import { post } from '../core/api.js';
import { link } from '../core/router.js';
import { may } from '../core/session.js';
import { Age, State } from '../parts/basics.js';
import { ask } from '../parts/dialog.js';
import { bytes } from '../parts/format.js';
import { Note, toast } from '../parts/messages.js';

const ways = { initrd: 'in the initrd', argument: 'as kernel argument' };

const SetBy = ({ item, plan }) => item.setBy === 'machine' ? 'machine'
  : html`${item.setBy === 'both' && 'machine, '}<a href=${link('profiles', plan.profile)}>${plan.profile}</a>`;

const Row = ({ item, plan }) => html`<tr><th scope="row" class="breakable"><code>${item.path}</code>
    ${item.secret && html` <span class="tag">secret</span>`}
    ${item.why && html`<span class="sub">${item.why}</span>`}</th>
  <td class="m-only"><code>${item.mode}</code></td><td class="num s-hide">${bytes(item.sizeBytes)}</td>
  <td>${ways[item.delivered] ?? html`<${State} is="warning">not delivered<//>`}</td>
  <td class="s-hide"><${SetBy} item=${item} plan=${plan}/></td></tr>`;

async function arm(machine) {
  if (!await ask({ title: `Arm a release for ${machine.name}?`, action: 'Arm a release',
    text: 'Its next boot may have the secrets once more. A machine that boots in its place would get them.' }))
    return false;
  try {
    await post(`machines/${encodeURIComponent(machine.name)}/releases`);
    toast(`A release is armed: the next boot of ${machine.name} may have its secrets`);
    return true;
  } catch (problem) { toast(problem.message, { seconds: 12 }); return false; }
}

function Release({ machine, secrets, reload }) {
  const [busy, setBusy] = useState(false), once = secrets.release === 'once';
  const act = async () => { setBusy(true); if (await arm(machine)) await reload(); setBusy(false); };
  return html`<div class="body pad"><${Note} is=${once && !secrets.armed ? 'warning' : undefined}
    action=${once && may('operator') && html`<button class="btn" type="button" disabled=${busy} onClick=${act}>
      Arm a release…</button>`}>
    ${!once ? html`<b>Secrets leave at every boot</b>${!secrets.isSet && ', as long as nothing else is set'}.`
      : secrets.armed ? html`<b>A release of the secrets is armed.</b> The next boot that succeeds has them and spends
        it.` : html`<b>The release is spent</b>, <${Age} at=${secrets.spentAt}/>. The next boot gets no secrets.`}<//>
      </div>`;
}

/**
 * @param {object} props
 * @param {any} props.plan
 * @param {any} props.machine
 * @param {() => Promise<void>} props.reload reads the plan again
 */
export const OverlayContents = ({ plan, machine, reload }) => html`<header><h2>Overlay at the next boot</h2>
    <small>the profile’s and the machine’s, merged</small></header>
  <table><thead><tr><th scope="col">file</th><th scope="col" class="m-only">mode</th>
    <th scope="col" class="num s-hide">size</th><th scope="col">delivered</th><th scope="col" class="s-hide">set by</th>
    </tr></thead><tbody>${plan.overlay.map(item => html`<${Row} key=${item.path} item=${item} plan=${plan}/>`)}</tbody>
    </table>${plan.secrets && html`<${Release} machine=${machine} secrets=${plan.secrets} reload=${reload}/>`}`;
