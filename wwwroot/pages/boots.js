// Every boot, newest first, by how it went.
import { html, useState } from '../ui.js';
import { get } from '../api.js';
import { route, setQuery } from '../router.js';
import { useResource } from '../resource.js';
import { useTitle } from '../shell.js';
import { State } from '../parts/basics.js';
import { BootsTable } from '../parts/history.js';
import { BootsNow } from '../parts/bootsnow.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';

const outcomes = ['running', 'stalled', 'ready', 'up', 'failed', 'unknown'];

export default function Boots() {
  useTitle('Boots');
  const outcome = route.value.query.get('outcome') ?? '';
  const path = `boots?limit=100${outcome && `&outcome=${outcome}`}`;
  const page = useResource(path, { events: ['boot.changed'], pause: 1500 });
  const [older, setOlder] = useState({ path: '', items: [], next: null }), [busy, setBusy] = useState(false);
  const more = older.path === path ? older : { path, items: [], next: page.data?.next ?? null };
  const load = async () => {
    setBusy(true);
    const answer = await get(`${path}&after=${encodeURIComponent(more.next)}`);
    setOlder({ path, items: [...more.items, ...answer.items], next: answer.next ?? null });
    setBusy(false);
  };
  const seen = new Set(page.data?.items.map(boot => boot.id));
  const all = [...page.data?.items ?? [], ...more.items.filter(boot => !seen.has(boot.id))];
  const moving = outcome === 'running' || outcome === 'stalled';
  return html`<div class="head"><h1>Boots</h1></div>
    <section class="panel" aria-label="Filter"><div class="body bar pad" role="group" aria-label="Outcome">
      <button class="btn" type="button" aria-pressed=${!outcome}
        onClick=${() => setQuery({ outcome: null })}>All</button>
      ${outcomes.map(is => html`<button class="btn" type="button" key=${is} aria-pressed=${outcome === is}
        onClick=${() => setQuery({ outcome: is })}><${State} is=${is}/></button>`)}</div></section>
    ${moving ? html`<${BootsNow} most=${500}/>` : html`<section class="panel" aria-label="Boots">
      ${page.problem && !page.data ? html`<${Trouble} problem=${page.problem} retry=${page.reload}/>` : !page.data
        ? html`<${Ghost} lines=${8}/>`
        : all.length === 0 ? html`<${Empty}
          title=${outcome ? `No boot is ${outcome}`
            : 'No boot yet'}>A boot begins when a machine is handed a script with a kernel.<//>`
        : html`<${BootsTable} boots=${all} machine/>
          ${more.next && html`<footer class="foot bar"><button class="btn" type="button" disabled=${busy}
            onClick=${load}>Older boots</button></footer>`}`}</section>`}`;
}
