// @ts-check
// Bytes a second over the last hour or day.
import { html, useEffect, useRef, useState } from '../core/ui.js';
import { useResource } from '../core/resource.js';
import { now } from '../core/state.js';
import { rate } from '../parts/format.js';
import { loadPlot } from './plot.js';
import { isDark } from '../parts/theme.js';

const height = 190;
const unit = 1024 * 1024;

/** Steps of an axis that bytes have: 1, 2, 5, 10 … 512 of KiB, MiB and GiB. */
const steps = [1024, unit, unit * 1024].flatMap(size => [1, 2, 5, 10, 20, 50, 100, 256, 512].map(count =>
  count * size));

const token = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A colour that canvas understands: tokens may say light-dark(…). */
function colour(name) {
  const probe = document.createElement('span');
  probe.style.setProperty('color', `var(${name})`);
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** @returns {import('uplot').Options} */
function options(width, from, to) {
  const ink = colour('--ink'), quiet = colour('--ink-3'), line = colour('--line'), font = `11px ${token('--sans')}`;
  const axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width, height, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { range: () => [from.current, to.current] },
      y: { range: (_, __, most) => [0, Math.max(most * 1.1, unit)] } },
    series: [{}, { stroke: ink, width: 1.5, fill: ink.replace('rgb(', 'rgba(').replace(')', ', .07)'),
      points: { show: false } }],
    axes: [
      { ...axis, size: 26, grid: { show: false },
        values: (_, times) => times.map(at => new Date(at * 1000).toTimeString().slice(0, 5)) },
      { ...axis, size: 68, incrs: steps, values: (_, values) => values.map(value => value ? rate(value) : '') },
    ],
  };
}

/** uPlot comes with this part alone; the rest of the page does not wait for it. */
function Chart({ samples, label, seconds }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {import('uplot') | null} */ (null));
  const from = useRef(0), to = useRef(0), look = isDark();
  to.current = Date.parse(samples.at(-1)?.at ?? new Date()) / 1000;
  // A server that has just started shows what there is, at least a twelfth of the span.
  from.current = Math.max(to.current - seconds,
    Math.min(Date.parse(samples[0]?.at ?? new Date()) / 1000, to.current - seconds / 12));
  /** @type {import('uplot').AlignedData} */
  const data = [samples.map(sample => Date.parse(sample.at) / 1000), samples.map(sample => sample.bytesPerSecond)];
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    let gone = false;
    const fit = new ResizeObserver(() => {
      if (box.current) plot.current?.setSize({ width: box.current.clientWidth, height });
    });
    loadPlot().then(Plot => {
      if (gone || !box.current) return;
      plot.current = new Plot(options(box.current.clientWidth, from, to), newest.current, box.current);
      fit.observe(box.current);
    }, console.warn);
    return () => { gone = true; fit.disconnect(); plot.current?.destroy(); plot.current = null; };
  }, [look]);
  useEffect(() => { plot.current?.setData(data); }, [samples]);
  return html`<div class="plot" ref=${box} role="img" aria-label=${label}></div>`;
}

/** @type {[value: string, text: string, seconds: number][]} */
const spans = [['hour', '1 h', 3600], ['day', '24 h', 86_400]];

export function Throughput() {
  const [span, setSpan] = useState('hour');
  const sent = useResource(`overview/throughput?span=${span}`, { poll: false });
  const tick = Math.floor(now.value / 10_000);
  useEffect(() => { sent.reload(); }, [tick]);
  // The newest step has just begun and says little.
  const told = sent.data?.samples ?? [], samples = told.length > 1 ? told.slice(0, -1) : told, last = samples.at(-1);
  const peak = Math.max(0, ...samples.map(sample => sample.peakBytesPerSecond));
  const words = peak > 0 ? `${rate(last.bytesPerSecond)} now, ${rate(peak)} peak` : 'nothing sent';
  return html`<header><h2>Throughput</h2><small>${sent.data && words}</small>
      <span class="bar push" role="group" aria-label="Span">
        ${spans.map(([value, text]) => html`<button class="btn plain" type="button"
        key=${value} aria-pressed=${span === value} onClick=${() => setSpan(value)}>${text}</button>`)}</span></header>
    <div class="body">${sent.data
      ? html`<${Chart} key=${span} samples=${samples} label=${`Bytes sent a second, ${words}`}
        seconds=${spans.find(([value]) => value === span)?.[2]}/>`
      : html`<div class="plot"></div>`}</div>`;
}
