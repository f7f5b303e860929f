// @ts-check
// Below the chart of a boot under way: this boot against the time it usually takes.
import { html } from '../core/ui.js';
import { duration } from './format.js';
import { isNarrow } from './width.js';

const height = 10;

/** A bar from one time to another; nothing when it would be shorter than a hair. */
const Bar = ({ is, from, to, y, place }) => to > from && html`<rect class=${is} x=${place(from)} y=${y}
  width=${place(to - from)} height=${height}/>`;

/**
 * @param {{top: number, span: number, seconds: number, expected: number | null, still: {from: number,
 *   length: number}[], usual: {ready: number | null, up: number | null}, place: (at: number) => string}} props
 *   times in seconds since the script; expected: when it will be ready at its present rate
 */
export function PaceBars({ top, span, seconds, expected, still, usual, place }) {
  const end = usual.up ?? usual.ready ?? 0, below = top + height + 4;
  const roomy = !isNarrow() && end < span * .4;
  const text = usual.ready !== null && `usual: ready after ${duration(usual.ready, usual.ready < 10)}${
    usual.up !== null ? `, up after ${duration(usual.up, usual.up < 10)}` : ''}`;
  return html`<${Bar} is="live" from=${0} to=${seconds} y=${top} place=${place}/>
    ${still.map(({ from, length }) => html`<g key=${from}>
      <${Bar} is="gap" from=${from} to=${from + length} y=${top} place=${place}/>
      <${Bar} is="stall" from=${from} to=${from + length} y=${top} place=${place}/></g>`)}
    ${expected !== null && html`<${Bar} is="guess" from=${seconds} to=${Math.min(expected, span)} y=${top + .5}
      place=${place}/>
      ${expected - seconds > span * (isNarrow() ? .45 : .22)
        && html`<text x=${place(seconds + (Math.min(expected, span) - seconds) / 2)}
        y=${top + height - 1} text-anchor="middle">this boot, expected</text>`}`}
    ${text && html`<${Bar} is="past" from=${0} to=${usual.ready} y=${below} place=${place}/>
      ${usual.up !== null && html`<${Bar} is="past" from=${(usual.ready ?? 0) + span * .002} to=${usual.up} y=${below}
        place=${place}/>`}
      <text class="t-ink" x=${roomy ? place(end + span * .008) : place(span * .008)} y=${below + height - 1}>${text}
        </text>`}`;
}
