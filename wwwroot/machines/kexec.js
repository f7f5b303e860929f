// @ts-check
// The line that starts a machine's system from whatever Linux runs on it now.
import { html, useState } from '../core/ui.js';
import { get, post } from '../core/api.js';
import { may } from '../core/session.js';
import { Code } from '../parts/basics.js';
import { Note, toast } from '../parts/messages.js';

const Line = ({ name, text }) => html`<h3>${name}</h3><${Code} text=${text} label=${`Line for ${name}`} wrap/>`;

/** What there is to paste, until when, and what is not in it. */
function Lines({ lines }) {
  return html`<${Line} name="curl" text=${lines.curl}/><${Line} name="wget" text=${lines.wget}/>
    <${Line} name="nixos-anywhere" text=${lines.nixosAnywhere}/>
    ${lines.withSecrets ? html`<${Note}>It has this machine's secrets: the first address that fetches it within 15
      minutes gets them.<//>` : lines.hasSecrets && html`<p class="sub">This machine's secrets are not in it.</p>`}`;
}

export function Kexec({ machine }) {
  const [lines, setLines] = useState(/** @type {any} */ (null)), [busy, setBusy] = useState(false);
  const path = `machines/${encodeURIComponent(machine.name)}/kexec`;
  const ask = async asked => {
    setBusy(true);
    try { setLines(await asked()); } catch (problem) { toast(problem.detail ?? problem.message); }
    setBusy(false);
  };
  return html`<header><h2>Kexec</h2></header><div class="body rows">
    <p class="muted">Boots what its profile boots, from any Linux that runs on it; keys and addresses stay.</p>
    ${lines?.machine === machine.name && html`<${Lines} lines=${lines}/>`}
    <div class="bar"><button class="btn" type="button" disabled=${busy} onClick=${() => ask(() => get(path))}>
        Show the line</button>
      ${may('operator') && lines?.hasSecrets && html`<button class="btn" type="button" disabled=${busy}
        onClick=${() => ask(() => post(path, {}))}>With its secrets</button>`}</div></div>`;
}
