// @ts-check
// What this is, and what it is made with.
import { html } from '../core/ui.js';
import { useResource } from '../core/resource.js';
import { has } from '../core/state.js';
import { setSingleKeys, singleKeys, keyList } from '../parts/keys.js';
import { useTitle } from '../core/title.js';
import { Age } from '../parts/basics.js';
import { dashboardLibraries, serverLibraries } from './made-with.js';

const Libraries = ({ title, note, of }) => html`<header><h2>${title}</h2><small>${note}</small></header>
  <table><thead><tr><th scope="col">library</th><th scope="col">version</th><th scope="col">licence</th></tr></thead>
    <tbody>${of.map(([name, version, licence, file]) => html`<tr key=${name}><th scope="row"><span class="breakable">
      ${name.split('.').map((part, at) => at ? html`<wbr key=${at}/>.${part}` : part)}</span></th>
      <td class="fit">${version}</td><td class="fit">${file
        ? html`<a href=${`vendor/LICENSE-${file}.txt`} target="_blank" rel="noreferrer">${licence}</a>`
        : licence}
          </td></tr>`)}</tbody></table>`;

export default function About() {
  useTitle('About');
  const setup = useResource(has('setup') ? 'setup' : null, { poll: false }), data = setup.data;
  return html`<div class="head"><h1>About</h1><small>NetbootServer ${data?.version}</small></div>
    <section class="panel w6" aria-label="Server"><header><h2>Server</h2></header><dl class="body kv"><dt>version</dt>
      <dd>${data?.version ?? '–'}</dd><dt>licence</dt><dd>MIT</dd><dt>runs on</dt><dd>${data?.runtime ?? '–'}</dd>
        <dt>since</dt><dd><${Age} at=${data?.startedAt} none="–"/></dd><dt>data</dt><dd><code>
          ${data?.dataDirectory ?? '–'}</code></dd>
        <dt>API</dt><dd><a href="swagger/" target="_blank" rel="noreferrer">Description and try-out</a>, <a
          href="swagger/v1/swagger.json" target="_blank" rel="noreferrer">OpenAPI document</a></dd></dl>
      <${Libraries} title="In the dashboard" note="vendored, nothing is loaded from elsewhere"
        of=${dashboardLibraries}/>
      <${Libraries} title="In the server" note="besides .NET and ASP.NET Core, MIT" of=${serverLibraries}/></section>
    <section class="panel w6" aria-label="Keyboard"><header><h2>Keyboard</h2></header><div class="body rows">
      <dl class="kv keys">${keyList.map(([keys, what]) =>
        html`<dt key=${keys}>${keys.split(' ').map(key => key === 'then' ? ' then ' : html`<kbd>${key}</kbd> `)}</dt>
          <dd>${what}</dd>`)}</dl>
      <label class="check"><input type="checkbox" checked=${singleKeys.value}
        onChange=${event => setSingleKeys(event.target.checked)}/>
        Single letters act when no field has the focus</label></div></section>`;
}
