// A job's log as it grows: colours, search, following the newest line, and a fold over the long middle.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../ui.js';
import { address, stream } from '../api.js';
import { bytes, count } from './format.js';
import { pieces } from './ansi.js';

const head = 200, tail = 1500;

/** The lines of a log, as they come; many pieces in a moment are one change of the page. */
function useLog(path) {
  const [log, setLog] = useState({ lines: [], size: 0, ended: false });
  useEffect(() => {
    const stop = new AbortController();
    let text = '', size = 0, lines = [], timer = 0;
    const show = ended => { timer = 0; setLog({ lines, size, ended }); };
    const take = part => {
      size += part.length;
      const all = (text + part).split('\n');
      text = all.pop();
      lines = lines.concat(all);
      timer ||= setTimeout(show, 200, false);
    };
    stream(`${path}?follow=true&ansi=true`, take, stop.signal).then(() => { clearTimeout(timer); show(true); }, () =>
      show(false));
    return () => { clearTimeout(timer); stop.abort(); };
  }, [path]);
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
  const path = `jobs/${encodeURIComponent(job.id)}/log`, log = useLog(path), box = useRef(null);
  const [follow, setFollow] = useState(true), [typed, setTyped] = useState(''), [all, setAll] = useState(false);
  useLayoutEffect(() => { if (follow && box.current) box.current.scrollTop = box.current.scrollHeight; },
    [log, follow]);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setFollow(scrollHeight - scrollTop - clientHeight < 24);
  };
  const numbered = log.lines.map((line, at) => [at + 1, line]);
  const found = typed ? numbered.filter(([, line]) => seen(line).includes(typed.toLowerCase())).slice(0, 2000)
    : numbered;
  const folded = !all && !typed && found.length > head + tail ? found.length - head - tail : 0;
  const row = ([n, line]) => html`<${Line} key=${n} n=${n} line=${line}/>`;
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
