// @ts-check
// A shared worker: it holds the one line of this browser and tells every tab what comes. A browser opens only six
// connections to a host (HTTP/1.1): with a stream in each tab, the sixth, and then all of them, would wait for ever.
import { openLine } from './event-line.js';

/** The tabs that listen. @type {Set<MessagePort>} */
const tabs = new Set();
let line = null, session = null, last = {}, heardAt = 0;

function say(news) {
  if (news.state) last = news; else heardAt = Date.now();
  for (const tab of tabs) tab.postMessage(news);
}

/** What tabs say. @type {Record<string, (tab: MessagePort, value: any) => void>} */
const acts = {
  /** A tab whose session has this id wants to hear all from now on. */
  join(tab, id) {
    tabs.add(tab);
    const other = line && (id !== session || last.state === 'ended');
    session = id;
    if (other) line.renew();
    else if (line) tab.postMessage({ ...last, ago: Date.now() - heardAt });
    else line = openLine(say);
  },
  leave(tab) {
    tabs.delete(tab);
    if (tabs.size > 0) return;
    line?.close();
    line = null;
  },
  check() { line?.check(); },
  /** A tab asks whether this worker lives. */
  ping(tab) { tab.postMessage({ pong: true }); },
};

addEventListener('connect', event => {
  const [tab] = /** @type {MessageEvent} */ (event).ports;
  tab.onmessage = ({ data: [act, value] }) => acts[act]?.(tab, value);
});
