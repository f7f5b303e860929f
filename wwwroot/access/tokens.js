// @ts-check
// Tokens for programs: made, shown once, revoked.
import { html, useState } from '../core/ui.js';
import { post, remove, serverTime } from '../core/api.js';
import { useResource } from '../core/resource.js';
import { tell } from '../core/state.js';
import { useKeys } from '../parts/keys.js';
import { Age, Copy, State } from '../parts/basics.js';
import { Dialog, ask, show } from '../parts/dialog.js';
import { ChoiceField, TextField, useForm } from '../parts/form.js';
import { Empty, Ghost, Refusal, Trouble, toast } from '../parts/messages.js';

const roles = [['viewer', 'viewer: reads'], ['operator', 'operator: machines, profiles, refreshes'],
  ['admin', 'admin: everything']];
const lives = [['30', '30 days'], ['90', '90 days'], ['365', '1 year'], ['', 'never']];
const day = 86_400_000, soon = 7 * day;

function Make({ close }) {
  const form = useForm('token', { name: '', role: 'operator', days: '90' });
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const make = async () => {
    setBusy(true);
    const days = Number(form.get('days'));
    try {
      const made = await post('tokens', { name: form.get('name'), role: form.get('role'),
        ...days ? { expiresAt: new Date(serverTime() + days * day).toISOString() } : {} });
      form.clear();
      close(made);
    } catch (error) {
      const rest = form.refuse(error);
      setProblem(Object.keys(error.errors).length === 0 || rest.length ? error : null);
      setBusy(false);
    }
  };
  return html`<${Dialog} title="Make token" close=${close} onSubmit=${make} footer=${html`
    <button class="btn" type="button" onClick=${() => close()}>Cancel</button>
    <button class="btn main" type="submit" disabled=${busy} aria-busy=${busy}>Make token</button>`}>
    <${TextField} form=${form} name="name" label="Name"
      hint="Who will use it, for example ci-fleet. It stands in the audit."/>
    <div class="cols"><${ChoiceField} form=${form} name="role" label="Role" options=${roles}/>
      <${ChoiceField} form=${form} name="days" label="Ends after" options=${lives}/></div>
    <${Refusal} problem=${problem}/><//>`;
}

/** A secret, shown this once. */
const Made = ({ token, hide }) => html`<div class="body"><div class="note" data-state="up">
  <span class="glyph" data-state="up"></span><div class="rows"><p><b dir="auto">
    ${token.name} is made.</b> Copy its secret now; it is not
    shown again.</p><div class="bar"><input class="secret mono" readonly aria-label=${`Secret of ${token.name}`}
      value=${token.secret}
    onFocus=${event => event.target.select()}/><${Copy} text=${token.secret}/></div></div>
  <button class="btn plain icon" type="button" aria-label="Close" onClick=${hide}>✕</button></div></div>`;

function Expiry({ at }) {
  if (!at) return 'never';
  const left = Date.parse(at) - serverTime();
  if (left < 0) return html`<span class="muted">expired <${Age} at=${at}/></span>`;
  return left < soon ? html`<${State} is="warning"><${Age} at=${at}/><//>` : html`<${Age} at=${at}/>`;
}

const Row = ({ token, revoke }) => html`<tr><th scope="row"><span class="cut" dir="auto" title=${token.name}>
  ${token.name}</span>
    <span class="sub s-only">${token.role}</span><span class="sub">made <${Age} at=${token.createdAt}/> by <bdi>
      ${token.createdBy}</bdi></span></th>
  <td class="s-hide">${token.role}</td><td class="s-hide"><${Age} at=${token.lastUsedAt}/></td><td>
    <${Expiry} at=${token.expiresAt}/></td>
  <td class="num"><button class="btn" type="button" aria-label=${`Revoke… ${token.name}`}
    onClick=${revoke}>Revoke…</button></td></tr>`;

export function Tokens() {
  const tokens = useResource('tokens?limit=1000', { events: ['token.changed'], pause: 0, poll: false });
  const [made, setMade] = useState(/** @type {{id: string} | null} */ (null)); // the newest, with its secret
  const make = async () => {
    const token = await show(close => html`<${Make} close=${close}/>`);
    if (token) { setMade(token); tell('token.changed'); }
  };
  const revoke = async token => {
    if (!await ask({ title: `Revoke ${token.name}?`, action: 'Revoke token', keep: 'Keep it',
      text: 'Programs that use it are refused at once, and its sessions end. This cannot be undone.' })) return;
    try {
      await remove(`tokens/${encodeURIComponent(token.id)}`);
      if (made?.id === token.id) setMade(null);
      toast(`${token.name} revoked`);
      tell('token.changed');
    } catch (problem) { toast(problem.message); }
  };
  useKeys({ n: make });
  const all = tokens.data?.items ?? [];
  return html`<section class="panel w7" aria-labelledby="h-tok"><header><h2 id="h-tok">Tokens</h2>
    <small>for scripts, CI and other people</small>
      <button class="btn main push" type="button" onClick=${make}>Make token…</button></header>
    ${made && html`<${Made} token=${made} hide=${() => setMade(null)}/>`}
    ${tokens.problem && !tokens.data ? html`<${Trouble} problem=${tokens.problem} retry=${tokens.reload}/>`
      : !tokens.data ? html`<${Ghost}/>`
      : all.length === 0 ? html`<${Empty}
        title="No token yet">A token lets a program use the API with a role of its own.<//>`
      : html`<table><thead><tr><th scope="col">name</th><th scope="col" class="s-hide">role</th>
        <th scope="col" class="s-hide">used</th>
          <th scope="col">expires</th><th scope="col"><span class="vh">actions</span></th></tr></thead>
          <tbody>${all.map(token => html`<${Row} key=${token.id} token=${token} revoke=${() => revoke(token)}/>`)}
            </tbody></table>`}</section>`;
}
