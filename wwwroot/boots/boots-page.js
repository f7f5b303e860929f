// @ts-check
// Every boot, newest first, by how it went.
import { html } from '../core/ui.js';
import { route, setQuery } from '../core/router.js';
import { useTitle } from '../core/title.js';
import { State } from '../parts/basics.js';
import { BootsTable, Older } from '../parts/boot-history.js';
import { BootsNow } from '../parts/boots-now.js';
import { usePages } from '../parts/paged-list.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';

const outcomes = ['running', 'stalled', 'ready', 'up', 'failed', 'unknown'];

export default function Boots() {
  useTitle('Boots');
  const outcome = route.value.query.get('outcome') ?? '';
  const path = `boots?limit=100${outcome && `&outcome=${outcome}`}`;
  const boots = usePages(path, { events: ['boot.changed'], pause: 1500 });
  const moving = outcome === 'running' || outcome === 'stalled';
  return html`<div class="head"><h1>Boots</h1></div>
    <section class="panel" aria-label="Filter"><div class="body bar pad" role="group" aria-label="Outcome">
      <button class="btn" type="button" aria-pressed=${!outcome}
        onClick=${() => setQuery({ outcome: null })}>All</button>
      ${outcomes.map(is => html`<button class="btn" type="button" key=${is} aria-pressed=${outcome === is}
        onClick=${() => setQuery({ outcome: is })}><${State} is=${is}/></button>`)}</div></section>
    ${moving ? html`<${BootsNow} key=${outcome} most=${500} outcome=${outcome}/>`
      : html`<section class="panel" aria-label="Boots">
      ${boots.problem && !boots.items ? html`<${Trouble} problem=${boots.problem} retry=${boots.reload}/>`
        : !boots.items ? html`<${Ghost} lines=${8}/>`
        : boots.items.length === 0 ? html`<${Empty}
          title=${outcome ? `No boot is ${outcome}`
            : 'No boot yet'}>A boot begins when a machine is handed a script with a kernel.<//>`
        : html`<${BootsTable} boots=${boots.items} machine/><${Older} of=${boots}/>`}</section>`}`;
}
