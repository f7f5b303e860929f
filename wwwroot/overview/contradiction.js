// @ts-check
// A machine that contradicts a registration: the same one with other hardware, or another one?
import { html } from '../core/ui.js';
import { post } from '../core/api.js';
import { machines } from '../core/stores.js';
import { goodName } from '../parts/format.js';
import { show } from '../parts/dialog.js';
import { TextField, useForm } from '../parts/form.js';
import { FormDialog } from '../parts/form-dialog.js';
import { toast } from '../parts/messages.js';

const Reported = ({ data: { macs, uuid, serial } }) => html`<dl class="kv">
  ${macs.length > 0 && html`<dt>${macs.length === 1 ? 'mac' : 'macs'}</dt><dd>
    ${macs.map(mac => html`<code key=${mac}>${mac}</code> `)}</dd>`}
  ${uuid && html`<dt>uuid</dt><dd><code>${uuid}</code></dd>`}
  ${serial && html`<dt>serial</dt><dd><bdi>${serial}</bdi></dd>`}</dl>`;

function TakeOver({ alarm, settled, close }) {
  const { data } = alarm;
  const act = async () => {
    const machine = await post(`alarms/${alarm.id}/resolutions`, { action: 'take-over' });
    machines.put(machine);
    settled();
    toast(`${machine.name} has what the machine reports. It goes on when it asks again.`);
  };
  return html`<${FormDialog} close=${close} title=${`Is it ${data.machine}?`} action="Take over" act=${act}>
    <p>Then its registered MACs, UUID and serial become what the machine reports:</p>
    <${Reported} data=${data}/><//>`;
}

function Register({ alarm, settled, close }) {
  const form = useForm(`register/${alarm.id}`, { name: '' });
  const act = async () => {
    if (!goodName(form.get('name'))) { form.fault('name',
      'Lower-case letters, digits, dots, hyphens; for example rack3-node08.'); throw new Error('Choose a name.'); }
    const machine = await post(`alarms/${alarm.id}/resolutions`, { action: 'register', name: form.get('name') });
    machines.put(machine);
    settled();
    toast(`${machine.name} registered. Give it a profile, unless a selector does.`);
  };
  return html`<${FormDialog} close=${close} title=${`Another machine than ${alarm.data.machine}`} action="Register"
    form=${form} act=${act}>
    <p>It is registered by what it reports, as far as that is no other machine's:</p>
    <${Reported} data=${alarm.data}/>
    <${TextField} form=${form} name="name" label="Name" hint="Lower-case letters, digits, dots, hyphens."/><//>`;
}

/** The two ways out of an alarm about a contradiction. */
export const Decide = ({ alarm, settled }) => html`
  <button class="btn" type="button" onClick=${() => show(close =>
    html`<${TakeOver} alarm=${alarm} settled=${settled} close=${close}/>`)}>Same machine…</button>
  <button class="btn" type="button" onClick=${() => show(close =>
    html`<${Register} alarm=${alarm} settled=${settled} close=${close}/>`)}>Another machine…</button>`;
