// @ts-check
// The ssh host keys of an overlay: none, made by the server, or given.
import { html } from '../core/ui.js';
import { Field } from './form.js';
import { read, write } from './overlay-fields.js';
import { SecretPart } from './overlay-secret.js';

const types = ['ed25519', 'rsa', 'ecdsa'];

const ways = [['', 'None: the system makes its own'], ['generate', 'Made by the server, the same at every boot'],
  ['given', 'Given here']];

export function HostKeys({ form }) {
  const keys = read(form.get('hostKeys')), given = Array.isArray(keys) ? keys : null;
  const set = value => form.set('hostKeys', write(value));
  const way = given ? 'given' : keys ?? '';
  const choose = event => set(event.target.value === 'given' ? [{ type: types[0], private: '' }]
    : event.target.value || null);
  return html`<fieldset class="rows"><${Field} label="SSH host keys" error=${given ? undefined : form.error('hostKeys')}
    hint="Public halves and fingerprints are shown on the machine’s page, for known_hosts.">${
    aria => html`<select ...${aria} value=${way} onChange=${choose}>${ways.map(([value, text]) =>
      html`<option key=${value} value=${value} selected=${value === way}>${text}</option>`)}</select>`}<//>
    ${given?.map((_, at) => html`<${Given} key=${at} ...${{ form, keys: given, at, set }}/>`)}
    ${form.error('$.hostKeys') && given && html`<p class="error" role="alert">${form.error('$.hostKeys')}</p>`}
    ${given && given.length < types.length && html`<button class="btn" type="button" onClick=${() => set([...given,
      { type: types.find(type => !given.some(key => key.type === type)), private: '' }])}>Add a host key</button>`}
    </fieldset>`;
}

function Given({ form, keys, at, set }) {
  const key = keys[at], before = read(form.base.hostKeys), stored = Array.isArray(before)
    ? before.find(({ type }) => type === key.type) : null;
  const put = next => set(keys.map((other, index) => index === at ? next : other));
  const drop = () => set(keys.filter((_, index) => index !== at));
  const secret = value => put(typeof value === 'string' ? { type: key.type, private: value } : stored);
  const path = `$.hostKeys[${at}]`;
  return html`<div class="item rows"><div class="bar"><label class="check">Type
    <select class="auto" value=${key.type} disabled=${typeof key.private !== 'string'}
      onChange=${event => put({ ...key, type: event.target.value })}>${types.map(type =>
      html`<option key=${type} selected=${type === key.type}>${type}</option>`)}</select></label>
    ${key.public && html`<code class="cut">${key.public}</code>`}</div>
    <${SecretPart} name=${`private ${key.type} key`} many value=${key.private} before=${stored?.private} set=${secret}
      drop=${drop} error=${form.errorBelow(path)}
      hint="The file ssh-keygen wrote, in OpenSSH’s format or in PEM, without a passphrase."/></div>`;
}
