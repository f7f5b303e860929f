// @ts-check
// The newest boot of a machine: where it is, how fast, how that compares with what is usual.
import { html } from '../core/ui.js';
import { isMoving } from './boots-under-way.js';
import { motionOf } from './boot-bytes.js';
import { link } from '../core/router.js';
import { now } from '../core/state.js';
import { byteProgress, duration, median, plural, rate, tail } from './format.js';
import { average, current, phases, reason, speed, stalls, standing, took } from './boot-phases.js';
import { Age, Id, State } from './basics.js';
import { BigTrack } from './boot-track.js';
import { Note } from './messages.js';
import { RateChart } from './rate-chart.js';

/** How long boots of this image usually take: the middle of those that succeeded. */
export function usualOf(boot, history) {
  const others = history.filter(other => other.id !== boot.id && other.image === boot.image);
  const middle = times => median(times.filter(seconds => seconds !== null));
  const ready = middle(others.map(other => took(other, 'ready')));
  // Of those that came to both; the middle of all that are up may lie before that of all that are ready.
  const after = middle(others.map(other => {
    const [ready, up] = [took(other, 'ready'), took(other, 'up')];
    return ready !== null && up !== null ? Math.max(0, up - ready) : null;
  }));
  return { ready, up: ready !== null && after !== null ? ready + after : null, after };
}

const Readout = ({ value, unit, state, children }) => html`<li data-state=${state}><b>${value} <small>${unit}</small>
  </b>${state
  ? html`<${State} is=${state}>${children}<//>` : html`<span class="muted">${children}</span>`}</li>`;

/** "34 s" as a number and its unit; longer times as they are. */
function Time({ seconds, children, state }) {
  const text = duration(seconds), at = text.split(' ').length > 2 ? text.length : text.lastIndexOf(' ');
  return html`<${Readout} value=${text.slice(0, at)} unit=${text.slice(at + 1)} state=${state}>${children}<//>`;
}

function Speed({ value, children }) {
  const [number, unit] = rate(value).split(' ');
  return html`<${Readout} value=${number} unit=${unit}>${children}<//>`;
}

/** Times without a byte; over only when the machine has gone on since. */
function Stalls({ boot }) {
  const still = stalls(boot.steps, now.value), over = ['running', 'ready', 'up'].includes(boot.outcome);
  return still.count > 0 && !still.open && html`<${Time} seconds=${still.seconds} state="stalled">
    ${plural(still.count, 'stall')}${over && ', over'}<//>`;
}

/**
 * Bytes a second of a phase under way, stalls left out; null when it has none.
 * @param {import('./boot-phases.js').Phase} phase
 */
function mean({ step, value }) {
  if (!step || !value) return null;
  const whole = step.durationSeconds ?? (now.value - Date.parse(step.at)) / 1000;
  const seconds = whole - stalls([step], now.value).seconds;
  return seconds > 2 ? value / seconds : null;
}

function Running({ boot, motion, usual, seconds }) {
  const at = current(phases(boot, motion));
  const since = boot.silentSince ? Date.parse(boot.silentSince) : motion?.movedAt;
  const still = since && boot.outcome === 'stalled' ? (now.value - since) / 1000 : null;
  return html`<ul class="readouts wide"><${Time} seconds=${seconds}>since script<//>
    ${at.max ? html`<${Readout} value=${Math.floor((at.value ?? 0) / at.max * 100)} unit="%">
      ${byteProgress(at.value ?? 0, at.max)} ${at.name}<//>` : html`<${Readout} value=${at.name}>phase<//>`}
    ${still !== null ? html`<${Time} seconds=${still} state="stalled">${at.max ? 'no bytes' : 'nothing asked for'}<//>`
      : html`<${Speed} value=${speed(boot, motion)}>now${mean(at) && `; ${rate(mean(at))} on average`}<//>`}
    <${Stalls} boot=${boot}/>
    ${usual.ready !== null && boot.outcome === 'running' && html`<${Time} seconds=${Math.abs(usual.ready - seconds)}>
      ${seconds > usual.ready ? 'behind its usual time' : 'until it is usually ready'}<//>`}</ul>`;
}

const Ended = ({ boot, seconds }) => html`<ul class="readouts wide">
  <${Time} seconds=${took(boot, 'ready')}>from script to ready<//>
  ${boot.outcome === 'ready'
    ? html`<${Time} seconds=${seconds - (took(boot, 'ready') ?? 0)}>since ready, not up yet<//>`
    : html`<${Time} seconds=${took(boot, 'up')}>from script to up<//>`}
  <${Speed} value=${average(boot)}>on average<//><${Stalls} boot=${boot}/></ul>`;

export function BootNow({ boot, history }) {
  const motion = motionOf(boot.id), usual = usualOf(boot, history), where = standing(boot, motion, now.value);
  const seconds = (now.value - Date.parse(boot.startedAt)) / 1000;
  const left = boot.outcome === 'running' && usual.ready !== null ? usual.ready - seconds : 0;
  return html`<section class="panel" aria-labelledby="h-now" data-state=${boot.outcome}>
    <header><h2 id="h-now">Boot <a href=${link('boots', boot.id)}>
      <code title=${boot.id}>${tail(boot.id)}</code></a></h2>
      <small>${boot.profile && html`<a href=${link('profiles', boot.profile)}>${boot.profile}</a>, `}
        <a href=${link('images', boot.image)}>${boot.image}@<${Id} of=${boot.version}/></a>${', '}
          <${Age} at=${boot.startedAt}/></small>
      ${left > 0 && html`<span class="push muted">usually ready in <b>${duration(left)}</b></span>`}
        </header>
    ${isMoving(boot) ? html`<${Running} boot=${boot} motion=${motion} usual=${usual} seconds=${seconds}/>`
      : boot.outcome !== 'failed' && html`<${Ended} boot=${boot} seconds=${seconds}/>`}
    <div class="body rows">
      ${boot.outcome === 'failed'
        && html`<${Note} is="failed"><b>${where.word}:</b> ${reason(boot)}.<//>`}
      ${boot.outcome === 'unknown'
        && html`<${Note}>${boot.reason ?? `Nothing was heard after ${current(phases(boot)).name}`}.<//>`}
      ${boot.outcome === 'stalled' && boot.reason && html`<${Note} is="stalled">${boot.reason}.<//>`}
      ${boot.progressKnown === false && html`<${Note}>How far it is is not known: its files come from a cache.<//>`}
      <${BigTrack} boot=${boot} usual=${usual}/>
      <${RateChart} boot=${boot} motion=${motion} usual=${usual}/>
    </div></section>`;
}
