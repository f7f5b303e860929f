// @ts-check
// DHCP snippets filled in with this server's address, as tabs.
import { html, useEffect, useState } from '../core/ui.js';
import { address, get } from '../core/api.js';
import { Code, commented } from '../parts/basics.js';
import { Field } from '../parts/form.js';
import { Refusal } from '../parts/messages.js';

export function Dhcp({ setup }) {
  const own = setup.addresses.map(entry => entry.url);
  const [file, setFile] = useState(setup.snippets[0].file), [base, setBase] = useState(own[0] ?? location.origin),
    [text, setText] = useState(''), [problem, setProblem] = useState(null);
  const path = `setup/${file}?address=${encodeURIComponent(base)}`;
  useEffect(() => {
    const stop = new AbortController();
    get(path, { text: true, signal: stop.signal }).then(answer => { setText(answer.trimEnd()); setProblem(null); },
      error => { if (!stop.signal.aborted) setProblem(error); });
    return () => stop.abort();
  }, [path]);
  const files = setup.snippets.map(snippet => snippet.file);
  const move = event => {
    const at = files.indexOf(file), to = { ArrowRight: at + 1, ArrowLeft: at - 1 + files.length, Home: 0,
      End: files.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setFile(files[to % files.length]);
    document.getElementById(`tab-${files[to % files.length]}`)?.focus();
  };
  const options = own.includes(location.origin) ? own : [...own, location.origin];
  return html`<div class="tabs" role="tablist" aria-label="DHCP server" onKeyDown=${move}>
    ${setup.snippets.map(snippet => html`<button role="tab" type="button" key=${snippet.file}
      id=${`tab-${snippet.file}`} aria-controls="snippet" aria-selected=${snippet.file === file}
        tabindex=${snippet.file === file ? 0 : -1} onClick=${() => setFile(snippet.file)}>${snippet.title}</button>`)}
          </div>
    <div id="snippet" role="tabpanel" aria-labelledby=${`tab-${file}`}>
      ${problem ? html`<${Refusal} problem=${problem}/>`
      : html`<${Code} wrap text=${text}
        label=${`Configuration for ${setup.snippets.find(snippet => snippet.file === file).title}`}>
          ${commented(text, file === 'kea.json' ? '//' : '#')}<//>`}</div>
    <div class="cols"><${Field} label="Address in the snippet">
      ${aria => html`<select ...${aria} value=${base} onChange=${event => setBase(event.target.value)}>
        ${options.map(url => html`<option key=${url} value=${url} selected=${url === base}>
          ${url.replace(/^https?:\/\//, '')}${interfaceOf(setup, url)}</option>`)}</select>`}<//>
      <div class="field"><span class="label">As a file</span>
        <a class="btn" href=${address(path)} download=${file}>Download ${file}</a></div></div>
    <small>Machine already in iPXE? Press Ctrl-B and type <code>chain ${base}/boot.ipxe</code></small>`;
}

function interfaceOf(setup, url) {
  const nic = setup.addresses.find(entry => entry.url === url)?.interface;
  return nic ? ` (${nic})` : '';
}
