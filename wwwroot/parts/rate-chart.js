// @ts-check
// Bytes a second of a boot, and the times without a byte, since it began.
import { html } from '../core/ui.js';
import { isMoving } from './boots-under-way.js';
import { ratesOf } from './boot-bytes.js';
import { now } from '../core/state.js';
import { duration, rate } from './format.js';
import { current, phases, speed, took } from './boot-phases.js';
import { PaceBars } from './pace-bars.js';
import { isNarrow } from './width.js';

const high = 92, top = 20;

/** A round number above the highest rate, in steps that bytes have. */
function ceiling(value) {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(value, 1)) / Math.log(1024)));
  const step = [1, 2, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1024].find(step => step * unit >= value);
  return (step ?? 1024) * unit;
}

/** The rate that fits on the chart: a lone peak is cut, what happens now is not. @param {number[]} rates */
function most(rates) {
  const sorted = [...rates].sort((left, right) => left - right);
  return ceiling(Math.max(sorted[Math.floor(sorted.length * .95)] || sorted.at(-1) || 0, ...rates.slice(-10)));
}

/** Keeps a text that belongs near an edge within the chart. */
const anchor = part => part < .15 ? 'start' : part > .85 ? 'end' : 'middle';

const middle = ({ from, length }) => from + length / 2;

/** Where a text above a stall begins, in parts of the chart. */
const leftOf = (part, width) => part - width * { start: 0, middle: .5, end: 1 }[anchor(part)];

/** The stalls whose length can be written above them without touching another's: the longest go first. */
export function written(still, span) {
  const width = isNarrow() ? .38 : .17, left = stall => leftOf(middle(stall) / span, width), chosen = [];
  for (const stall of [...still].sort((one, other) => other.length - one.length))
    if (chosen.every(other => Math.abs(left(other) - left(stall)) >= width)) chosen.push(stall);
  return new Set(chosen);
}

/** When it will be ready, at the rate of this moment; null when that cannot be told. */
function expected(boot, motion, seconds) {
  const at = current(phases(boot, motion)), rate = speed(boot, motion);
  return at.name === 'initrd' && rate ? seconds + ((at.max ?? 0) - (at.value ?? 0)) / rate : null;
}

/** @param {{boot: any, motion: any, usual: {ready: number | null, up: number | null}}} props of a boot that is over
 *   only what is known still */
export function RateChart({ boot, motion, usual }) {
  const start = Date.parse(boot.startedAt), moving = isMoving(boot);
  const samples = ratesOf(boot.id).map(sample => [(sample.at - start) / 1000, sample.rate]);
  const seconds = moving ? (now.value - start) / 1000 : took(boot, 'up') ?? took(boot, 'ready')
    ?? samples.at(-1)?.[0] ?? 0;
  const still = boot.steps.flatMap(step => step.stalls ?? []).map(stall => {
    const from = (Date.parse(stall.at) - start) / 1000;
    return { from, length: stall.durationSeconds ?? seconds - from };
  });
  if (samples.length < 2 && (!moving || still.length === 0)) return null;
  const ready = moving ? expected(boot, motion, seconds) : null;
  const end = Math.max(seconds, moving ? usual.up ?? usual.ready ?? 0 : 0, Math.min(ready ?? 0, seconds * 4));
  const span = Math.max(30, Math.ceil(end * 1.15 / 15) * 15), foot = moving ? 166 : 138;
  const fastest = Math.max(0, ...samples.map(([, value]) => value));
  const limit = most(samples.map(([, value]) => value));
  const points = samples.map(([at, value]) =>
    `${(at / span * 1000).toFixed(1)},${(high - value / limit * high).toFixed(1)}`);
  const [first, last] = [points[0], points.at(-1)].map(point => point?.split(',')[0]);
  const place = at => `${at / span * 100}%`, told = written(still, span);
  return html`<svg class="chart" height=${foot + 8} role="img"
    aria-label=${`Rate over time${moving ? `, now ${rate(speed(boot, motion))}` : ''}, at most ${rate(fastest)}${
      moving && usual.ready !== null ? `; usually ready after ${duration(usual.ready)}` : ''}`}>
    <defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse">
      <path d="M-1 8 8-1M-2 2 2-2M5 9 9 5"/></pattern></defs>
    ${still.map(stall => html`<g key=${stall.from}><rect class="stall" x=${place(stall.from)} y=${top}
        width=${place(stall.length)} height=${high}>
        ${!told.has(stall) && html`<title>no bytes for ${duration(stall.length)}</title>`}</rect>
      ${told.has(stall) && html`<text class="t-stall" x=${place(middle(stall))} y="16"
        text-anchor=${anchor(middle(stall) / span)}>no bytes for ${duration(stall.length)}</text>`}</g>`)}
    ${[0, .5, 1].map(part => html`<line key=${part} x1="0" x2="100%" y1=${top + part * high}
      y2=${top + part * high}/>`)}
    <svg x="0" y=${top} width="100%" height=${high} viewBox=${`0 0 1000 ${high}`} preserveAspectRatio="none">
      ${points.length > 1 && html`
        <polygon class="area" points=${`${first},${high} ${points.join(' ')} ${last},${high}`}/>
        <polyline class="line" points=${points.join(' ')}/>`}</svg>
    ${moving && html`<${PaceBars} top=${top + high + 6} span=${span} seconds=${seconds} expected=${ready} still=${still}
      usual=${usual} place=${place}/>`}
    <line class="mark" x1=${place(seconds)} x2=${place(seconds)} y1="12" y2=${!moving ? 120 : isNarrow() ? 130 : 148}/>
    ${fastest > 0 && !still.some(({ from, length }) => from + length > span * .7) && html`
      <text x="100%" y="16" text-anchor="end">${rate(limit)}</text>
      <text x="100%" y="62" text-anchor="end">${rate(limit / 2)}</text>`}
    ${[0, 1, 2, 3].map(part =>
      html`<text key=${part} x=${`${part / 3 * 100}%`} y=${foot} text-anchor=${part === 0 ? 'start' : part === 3 ? 'end'
        : 'middle'}>${
      part === 0 ? '0 s' : duration(span * part / 3)}</text>`)}</svg>`;
}
