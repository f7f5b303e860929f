// @ts-check
// A boot as a track of six phases, and as a row of a list.
import { html } from '../core/ui.js';
import { now } from '../core/state.js';
import { motionOf } from './boot-bytes.js';
import { link } from '../core/router.js';
import { bytes, byteProgress, duration, percent, rate } from './format.js';
import { current, failureOf, fetched, phases, speed, stalls, standing } from './boot-phases.js';
import { Id, State } from './basics.js';

const Cell = ({ phase }) => phase.state === 'now'
  ? html`<li><progress value=${phase.value} max=${phase.max}
    aria-label=${`${phase.name} ${percent(phase.value, phase.max)}`}></progress></li>`
  : html`<li class=${phase.state === 'todo' ? undefined : phase.state}></li>`;

/** Six phases at fixed places. */
export function Track({ boot, thin = false }) {
  const all = phases(boot, motionOf(boot.id)), at = current(all);
  return html`<ol class=${thin ? 'track thin' : 'track'} data-state=${boot.outcome}
    aria-label=${`${boot.machine ?? 'boot'}: ${boot.outcome}${at ? `, ${at.name}` : ''}`}>
    ${all.map(phase => html`<${Cell} key=${phase.name} phase=${phase}/>`)}</ol>`;
}

/** The captions above a list of tracks. */
export const BootsHead = () => html`<div class="boots-head" aria-hidden="true"><span>machine</span>
  <ol class="track">${['script', 'kernel', 'initrd', 'overlay', 'ready', 'up'].map(name =>
    html`<li key=${name}>${name}</li>`)}</ol>
  <span>now</span><span class="num">rate</span><span class="num m-only">since script</span></div>`;

/** One boot of a list: who, track, what, rate, time. */
export function BootRow({ boot }) {
  const motion = motionOf(boot.id), { is, word, sub } = standing(boot, motion, now.value);
  const end = boot.outcome === 'running' || boot.outcome === 'stalled' || boot.outcome === 'ready' ? now.value
    : boot.endedAt ?? now.value;
  return html`<li data-state=${boot.outcome}>
    <span class="cut"><a href=${link('machines', boot.machine)} dir="auto" title=${boot.machine}>
      ${boot.machine ?? 'unknown machine'}</a>
      <span class="sub cut">${boot.image}@<${Id} of=${boot.version}/></span></span>
    <${Track} boot=${boot}/>
    <span class="what"><${State} is=${is}>${word}<//><span class="sub" title=${sub}>${sub}</span></span>
    <span class="num">${rate(speed(boot, motion))}</span>
    <span class="num muted m-only">${duration((end - Date.parse(boot.startedAt)) / 1000)}</span></li>`;
}

/** ", 8 s of them stalled". */
function ofThem(step) {
  const still = stalls([step], now.value);
  return still.count ? `, ${duration(still.seconds)} of them stalled` : '';
}

/** What stands below a phase of the large track. */
function caption(phase, boot, usual) {
  const step = phase.step;
  if (phase.state === 'now') {
    const pair = byteProgress(phase.value, phase.max);
    if (step.durationSeconds) return [`broke off after ${duration(step.durationSeconds, true)}`, pair];
    return [duration((now.value - Date.parse(step.at)) / 1000) + ofThem(step), pair];
  }
  if (phase.state === 'bad') return [failureOf(boot).errno ? `iPXE ${failureOf(boot).errno}` : 'failed', step?.bytes
    ? byteProgress(step.bytes, step.totalBytes ?? step.bytes) : ''];
  if (phase.state === 'wait') return [usual.after !== null ? `usually ${duration(usual.after)} after ready`
    : 'not reported yet', fetched(boot, motionOf(boot.id)) ?? ''];
  if (phase.state === 'todo') return [boot.outcome !== 'running' ? '' : phase.name === 'ready' && usual.ready !== null
    ? `usually after ${duration(usual.ready)}` : phase.name === 'up' && usual.after > .5
      ? `usually ${duration(usual.after)} later` : '', ''];
  if (!step) return ['none', ''];
  const since = (Date.parse(step.at) - Date.parse(boot.startedAt)) / 1000;
  return [step.durationSeconds ? duration(step.durationSeconds, true) + ofThem(step) : phase.name === 'script' ? 'sent'
    : `after ${duration(since, true)}`,
    step.bytes ? bytes(step.bytes) : ''];
}

/** The track, large, with a caption for every phase. */
export function BigTrack({ boot, usual }) {
  return html`<ol class="track big" data-state=${boot.outcome} aria-label="Phases of this boot">
    ${phases(boot, motionOf(boot.id)).map(phase => {
    const [first, second] = caption(phase, boot, usual);
    return html`<li key=${phase.name} class=${['done', 'wait', 'bad'].includes(phase.state) ? phase.state : undefined}>
      ${phase.state === 'now' && html`<progress value=${phase.value} max=${phase.max} aria-label=${phase.name}>
        </progress>`}
      <b>${phase.name}</b><span>${first}${second && html`<i>${second}</i>`}</span></li>`;
  })}</ol>`;
}
