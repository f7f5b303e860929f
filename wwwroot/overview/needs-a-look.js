// @ts-check
// Alarms to acknowledge and boots that failed, with what to do.
import { html, useState } from '../core/ui.js';
import { remove, serverTime } from '../core/api.js';
import { active } from '../parts/boots-under-way.js';
import { link } from '../core/router.js';
import { has } from '../core/state.js';
import { useResource } from '../core/resource.js';
import { may } from '../core/session.js';
import { plural } from '../parts/format.js';
import { failureOf, reason } from '../parts/boot-phases.js';
import { Age } from '../parts/basics.js';
import { later } from '../core/later.js';
import { Empty, Ghost, Trouble, toast } from '../parts/messages.js';

const Decide = later(() => import('./contradiction.js').then(module => module.Decide));

/** Words for kinds of alarms; a kind without words speaks for itself. */
const kinds = {
  'identity-contradiction': 'Which machine is it?', 'mac-on-two-addresses': 'One MAC, two addresses',
  'many-contradictions': 'Many machines contradict', 'disk-nearly-full': 'Disk nearly full',
  'refresh-failing': 'Refreshes fail', 'scrub-failing': 'Scrubs fail',
  'template-failing': 'Script template fails', 'blob-rotten': 'Rotten file',
  'secret-refused': 'Secrets refused', 'secrets-withheld': 'Booted without its secrets',
  'secrets-claimed-twice': 'Secrets left twice', 'inventory-faulty': 'Inventory files have faults',
  'inventory-removals': 'Inventory removals wait',
};

/** The pages of what alarms are about. */
const places = { 'mac-on-two-addresses': 'machines', 'many-contradictions': 'machines',
  'secret-refused': 'machines', 'secrets-withheld': 'machines', 'secrets-claimed-twice': 'machines',
  'refresh-failing': 'images', 'template-failing': 'profiles' };

const Subject = ({ alarm: { kind, subject, data } }) => data?.machine
  ? html`<a href=${link('machines', data.machine)} dir="auto">${data.machine}</a>: `
  : subject === 'unknown machines'
  ? html`<a href=${link('machines', null, { state: 'discovered' })}>${subject}</a>: `
  : places[kind] && !subject.includes(' ') // no name has a blank: it is not known which one it was
  ? html`<a href=${link(places[kind], subject.replaceAll(':', '-'))} dir="auto">${subject}</a>: `
  : html`<span dir="auto" class="breakable">${subject}</span>: `;

const Alarm = ({ alarm, acknowledge, settled }) => html`<li class="note" data-state="alarm">
  <span class="glyph" data-state="alarm"></span>
  <p><b>${kinds[alarm.kind] ?? alarm.kind.replaceAll('-', ' ')}.</b> ${alarm.subject
    && html`<${Subject} alarm=${alarm}/>`}${alarm.detail}
    <span class="sub"><${Age} at=${alarm.lastAt}/>${alarm.count > 1 && `, ${plural(alarm.count, 'time')} since `}${
      alarm.count > 1 && html`<${Age} at=${alarm.firstAt}/>`}</span></p>
  ${may('operator') && html`<span class="bar">${alarm.data?.machine
    && html`<${Decide} alarm=${alarm} settled=${settled}/>`}
    <button class="btn" type="button" onClick=${acknowledge}>Acknowledge</button></span>`}</li>`;

/** What became of a machine whose boot has failed, as far as it was heard of. */
function next(boot) {
  const later = [...active.value.values()].find(other => other.machine === boot.machine
    && other.startedAt > boot.startedAt);
  return later && `has begun again, ${later.outcome}`;
}

const Failure = ({ boot }) => html`<li class="note" data-state="failed"><span class="glyph" data-state="failed"></span>
  <p><a href=${link('machines', boot.machine)} dir="auto">${boot.machine ?? 'unknown machine'}
    </a> failed at ${failureOf(boot).step ?? 'an unknown step'}: ${reason(boot)}.
    <span class="sub">${[failureOf(boot).errno && `iPXE ${failureOf(boot).errno}`, next(boot)].filter(Boolean)
      .join(' · ')} · <${Age} at=${boot.startedAt}/></span></p>
  <a class="btn" href=${link('boots', boot.id)}>Open</a></li>`;

const day = 86_400_000;

export function NeedsALook() {
  const failures = useResource('boots?outcome=failed&limit=5', { events: ['boot.changed'], concerns: boot =>
    boot.outcome === 'failed' });
  const [most, setMost] = useState(20);
  const alarms = useResource(has('alarms') ? `alarms?limit=${most}` : null, { events: ['alarm'] });
  const recent = failures.data?.items.filter(boot => serverTime() - Date.parse(boot.startedAt) < day) ?? [];
  const raised = alarms.data?.items ?? [];
  const settle = alarm => alarms.set({ ...alarms.data, items: raised.filter(other => other.id !== alarm.id) });
  const acknowledge = async alarm => {
    try {
      await remove(`alarms/${alarm.id}`);
      settle(alarm);
      toast(`Alarm about ${alarm.subject || alarm.kind} acknowledged. It counts anew when it happens again.`);
    } catch (problem) { toast(problem.message); }
  };
  return html`<section class="panel w7" aria-labelledby="h-look">
    <header><h2 id="h-look">Needs a look</h2><small>
      ${raised.length + recent.length ? [raised.length && (alarms.data.next ? `more than ${raised.length} alarms`
        : plural(raised.length, 'alarm')),
      recent.length && `${plural(recent.length, 'failure')} in 24 h`].filter(Boolean).join(', ') : ''}</small>
      <a class="push" href=${link('boots', null, { outcome: 'failed' })}>Failed boots</a></header>
    ${failures.problem && !failures.data ? html`<${Trouble} problem=${failures.problem} retry=${failures.reload}/>`
      : !failures.data ? html`<${Ghost}/>`
      : raised.length + recent.length === 0
        ? html`<${Empty} title="Nothing">No alarm is open and no boot has failed in the last 24 hours.<//>`
      : html`<ul class="list">${raised.map(alarm =>
        html`<${Alarm} key=${`a${alarm.id}`} alarm=${alarm} acknowledge=${() => acknowledge(alarm)}
          settled=${() => settle(alarm)}/>`)}
        ${alarms.data?.next && most < 1000 && html`<li class="note"><button class="btn" type="button"
          onClick=${() => setMost(Math.min(most * 5, 1000))}>Show more alarms</button></li>`}
        ${recent.map(boot => html`<${Failure} key=${boot.id} boot=${boot}/>`)}</ul>`}</section>`;
}
