// @ts-check
// An image that is held, or shall be: who, since when, why, and what to do about it.
import { html, useRef } from '../core/ui.js';
import { get } from '../core/api.js';
import { may } from '../core/session.js';
import { images, machines, profiles } from '../core/stores.js';
import { plural, short } from '../parts/format.js';
import { Age, State } from '../parts/basics.js';
import { Dialog, show } from '../parts/dialog.js';
import { profileOf } from '../parts/profile-of.js';
import { FormDialog } from '../parts/form-dialog.js';
import { TextField, useForm } from '../parts/form.js';

function Form({ name, opened, move, close }) {
  const image = images.items.value.get(name) ?? opened, seen = useRef(opened.current);
  // Somebody else may promote a version meanwhile: saving must not move machines back.
  const save = async () => {
    try {
      await move({ version: seen.current, from: seen.current, hold: true,
        reason: form.get('reason').trim() || (image.hold?.reason ? '' : null) });
    } catch (error) {
      if (error.status !== 412) throw error;
      const fresh = await get(`images/${encodeURIComponent(name)}`);
      images.put(fresh);
      seen.current = fresh.current;
      const text = `${name} is at ${short(fresh.current)} now. Save again to hold it there, or cancel.`;
      throw Object.assign(new Error(text), { title: 'It has moved meanwhile' });
    }
  };
  const form = useForm(`hold/${image.name}`, { reason: image.hold?.reason ?? '' });
  return html`<${FormDialog} close=${close} form=${form} title=${image.held ? `Why ${image.name} is held`
    : `Hold ${image.name} at ${short(image.current)}`}
    action=${image.held ? 'Save' : 'Hold'} act=${save}>
    <p>Refreshes and uploads add versions, but machines get ${short(image.current)} until you promote another or let it
      move.</p>
    <${TextField} form=${form} name="reason" label="Why" maxlength="200"
      hint=${`For those who wonder later, for example “until the NIC regression is fixed”.${
      image.hold?.reason ? ' Empty: no reason is given any more.' : ''}`}/><//>`;
}

/** Asks why, then holds it where it is. */
export const openHold = (image, move) => show(close => html`<${Form} name=${image.name} opened=${image}
  move=${move} close=${close}/>`);

/** Registered machines that get an image's current version: those without a version of their own. */
export const moversOf = name => [...machines.items.peek().values()].filter(machine => {
  const profile = machine.state === 'registered' && profileOf(machine, profiles.items.peek());
  return profile && profile.image === name && !profile.version && !machine.version;
}).length;

const LetMove = ({ image, newest, move, close }) => {
  const act = wanted => () => { close(); move(wanted); }, many = moversOf(image.name);
  return html`<${Dialog} title=${`Let ${image.name} move?`} close=${close} footer=${html`
    <button class="btn" type="button" onClick=${() => close()}>Keep it held</button>
    <button class="btn" type="button" autofocus onClick=${act({ version: image.current, from: image.current,
      hold: false })}>From the next one on</button>
    <button class="btn danger" type="button" onClick=${act({ version: newest.id, from: image.current, hold: false })}>
      Promote ${short(newest.id)} now</button>`}>
    <p><b>${short(newest.id)}</b>, the newest, made <${Age} at=${newest.createdAt}/>, can become current now: ${
      plural(many, 'machine')} ${many === 1 ? 'gets' : 'get'} it instead of <b>${short(image.current)}</b> from
      ${many === 1 ? ' its' : ' their'} next boot on.</p>
    <p>Or <b>${short(image.current)}</b> stays current until a version comes that is not here yet.</p><//>`;
};

/** Lets it move again; when that could change what machines get, it says so first. */
function letMove(image, newest, move) {
  if (!newest || newest.id === image.current) return move({ version: image.current, from: image.current, hold: false });
  return show(close => html`<${LetMove} image=${image} newest=${newest} move=${move} close=${close}/>`);
}

export const Held = ({ image, newest, move, hold }) => html`<div class="banner" data-state="held">
  <${State} is="held">Held<//>
  <span>${newest && !newest.current && html`<b>${short(newest.id)}</b> is there, but `}<b>${short(image.current)}</b>
    ${' '}stays current until you promote another or let it move.${image.hold && html` Held by${' '}
      <bdi>${image.hold.by}</bdi>, <${Age} at=${image.hold.at}/>${image.hold.reason
        && html`: “<bdi>${image.hold.reason}</bdi>”`}.`}</span>
  ${may('admin') && html`<span class="bar push"><button class="btn" type="button" onClick=${hold}>
    ${image.hold?.reason ? 'Change why…' : 'Say why…'}</button>
    <button class="btn" type="button" onClick=${() => letMove(image, newest, move)}>Let it move…</button>
      </span>`}</div>`;
