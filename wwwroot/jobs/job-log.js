// @ts-check
// A job's log as it grows: colours, search, following the newest line, and a fold over the long middle.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../core/ui.js';
import { address, get } from '../core/api.js';
import { bytes, count } from '../parts/format.js';
import { pieces } from './ansi.js';

const head = 200, tail = 1500;

/** Milliseconds between two looks at a log that grows, and at one that has just ended. */
const pause = 1000, lastPause = 400;

/**
 * The lines of a log, as they come. It is asked for what is new: an answer that went on would hold a connection in
 * every tab, and a browser has six.
 * @param {boolean} open whether its job may write more
 */
function useLog(path, open) {
  const kept = useMemo(() => ({ rest: '', lines: /** @type {string[]} */ ([]), size: 0,
    decoder: new TextDecoder() }), [path]);
  const [log, setLog] = useState({ lines: /** @type {string[]} */ ([]), size: 0, ended: false });
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0, empty = 0;
    const take = part => {
      const all = (kept.rest + kept.decoder.decode(part, { stream: true })).split('\n');
      kept.rest = all.pop() ?? '';
      kept.lines = kept.lines.concat(all);
      kept.size += part.length;
    };
    const look = async () => {
      if (!document.hidden) {
        const part = await get(`${path}?ansi=true&from=${kept.size}`, { bytes: true, signal: stop.signal })
          .catch(() => null);
        if (stop.signal.aborted) return;
        if (part?.length) take(part);
        empty = part?.length === 0 ? empty + 1 : 0;
        const ended = !open && empty > 1; // a job's last line may come just after its end
        if (part?.length || ended) setLog({ lines: kept.lines, size: kept.size, ended });
        if (ended) return;
      }
      timer = setTimeout(look, open ? pause : lastPause);
    };
    look();
    return () => { clearTimeout(timer); stop.abort(); };
  }, [path, open]);
  return log;
}

/** A line as a person sees it, without colours; for finding. */
const seen = line => pieces(line).map(({ text }) => text).join('').toLowerCase();

function Line({ n, line }) {
  const stamped = /^(\d\d:\d\d:\d\d) (.*)$/s.exec(line);
  return html`<li id=${`L${n}`} data-n=${n}><time>${stamped?.[1]}</time><span>
    ${pieces(stamped ? stamped[2] : line).map(({ text, look }, at) =>
    look ? html`<span key=${at} class=${look}>${text}</span>` : text)}</span></li>`;
}

export function Log({ job }) {
  const path = `jobs/${encodeURIComponent(job.id)}/log`, log = useLog(path, !job.endedAt);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [follow, setFollow] = useState(true), [typed, setTyped] = useState(''), [all, setAll] = useState(false);
  useLayoutEffect(() => { if (follow && box.current) box.current.scrollTop = box.current.scrollHeight; },
    [log, follow]);
  const scrolled = event => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    setFollow(scrollHeight - scrollTop - clientHeight < 24);
  };
  const numbered = log.lines.map((line, at) => ({ n: at + 1, line }));
  const found = typed ? numbered.filter(({ line }) => seen(line).includes(typed.toLowerCase())).slice(0, 2000)
    : numbered;
  const folded = !all && !typed && found.length > head + tail ? found.length - head - tail : 0;
  const row = ({ n, line }) => html`<${Line} key=${n} n=${n} line=${line}/>`;
  return html`<header><h2 id="h-log">Log</h2><small>${count(log.lines.length)} lines, ${bytes(log.size)}</small>
    <span class="bar push">
      <input class="search s-hide" type="search" aria-label="Search in the log" placeholder="Search in the log"
        value=${typed}
        onInput=${event => setTyped(event.target.value)}/>
      <button class="btn" type="button" aria-pressed=${follow} onClick=${() => setFollow(!follow)}>Follow</button>
      <a class="btn s-hide" href=${address(path)} download=${`${job.id}.log`}>Download</a></span></header>
    <div class="log" tabindex="0" role="log" aria-live="off" aria-label="Job log, the newest line last" ref=${box}
      onScroll=${scrolled}><ol>
      ${folded ? found.slice(0, head).map(row) : found.map(row)}
      ${folded > 0 && html`<li key="fold" data-n="⋯"><time></time>
        <button class="btn plain" type="button" onClick=${() => setAll(true)}>
        Show ${count(folded)} more lines</button></li>`}
      ${folded > 0 && found.slice(-tail).map(row)}
      ${found.length === 0 && html`<li key="none" data-n=""><time></time><span class="a2">
        ${typed ? `No line has “${typed}”.` : log.ended ? 'It wrote nothing.' : 'Nothing yet.'}</span></li>`}
    </ol></div>
    <p class="foot"><small>${log.ended ? 'The log has ended.' : follow ? 'Follows the newest line. Scroll up to stop.'
      : 'Stands still. Scroll to the end to follow again.'}</small></p>`;
}
