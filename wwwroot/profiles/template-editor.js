// @ts-check
// A profile's own script: a text with line numbers, its fault at the line, and what it can use.
import { html, useRef } from '../core/ui.js';
import { may } from '../core/session.js';
import { toast } from '../parts/messages.js';
import { TemplateHelp } from './template-help.js';

/** The built-in script as a template. */
const builtIn = '#!ipxe\n{{ begin }}\necho {{ machine.name }} boots {{ image }}\n{{ load }}\n{{ failed }}\n';

/** A fault's line, and what is wrong there. */
const apart = text => {
  const [, line, rest] = /^line (\d+): (.*)$/s.exec(text) ?? [];
  return { line: line ? Number(line) : null, text: rest ?? text };
};

/** Line numbers; what marks the bad line lies under the text, which scrolls over it. */
function Lines({ text, set, bad, area }) {
  const under = useRef(/** @type {HTMLElement | null} */ (null)), all = text.split('\n');
  const scrolled = event => { if (under.current) under.current.scrollLeft = event.currentTarget.scrollLeft; };
  return html`<div class="editor"><pre class="gutter" aria-hidden="true">${all.map((_, at) => at + 1 === bad
      ? html`<b key=${at}>✕ ${at + 1}${'\n'}</b>` : `${at + 1}\n`)}</pre>
    <pre class="under" aria-hidden="true" ref=${under}>${bad ? html`${'\n'.repeat(bad - 1)}<mark>${all[bad - 1] || ' '}
      </mark>${'\n'.repeat(Math.max(0, all.length - bad))}` : ''}</pre>
    <textarea rows=${all.length} wrap="off" spellcheck=${false} autocapitalize="off" ref=${area} value=${text}
      aria-label="Script template" aria-invalid=${bad ? 'true' : undefined} aria-describedby="template-note"
      readonly=${!may('operator')} onInput=${event => set(event.target.value)} onScroll=${scrolled}></textarea></div>`;
}

const Without = ({ set }) => html`<header><h2 id="h-tpl">Script template</h2>
    <small>Machines get the built-in script.</small></header>
  <div class="body rows"><p class="muted">A template makes the iPXE script instead: more words on the screen, a pause, a
    second initrd. Whatever a machine says of itself is encoded for iPXE before it gets there.</p>
    ${may('operator') && html`<button class="btn" type="button" onClick=${() => set(builtIn)}>
      Begin with the built-in script</button>`}</div>`;

/**
 * @param {{form: any, fault: {detail: string, line?: number, refused: boolean} | null, tried: boolean}} props
 *   fault: of what is typed now, once the server has tried it
 */
export function TemplateEditor({ form, fault, tried }) {
  const text = form.get('template'), set = value => form.set('template', value);
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  if (!text) return html`<${Without} set=${set}/>`;
  const said = tried ? fault?.detail : form.error('template'), wrong = said && apart(said);
  const drop = () => {
    set('');
    toast('The built-in script again, once it is saved', { undo: () => set(text) });
  };
  const insert = piece => {
    area.current?.focus();
    // Unlike a new value it can be taken back with Ctrl Z.
    if (!document.execCommand('insertText', false, piece)) set(text + piece);
  };
  const show = () => {
    const all = text.split('\n'), at = Math.min(wrong.line, all.length) - 1; // it may be gone by now
    const before = all.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    area.current?.focus();
    area.current?.setSelectionRange(before, before + all[at].length);
  };
  return html`<header><h2 id="h-tpl">Script template</h2><small>Scriban; values are encoded for iPXE</small>
      ${may('operator') && html`<button class="btn push" type="button" onClick=${drop}>Use the built-in script
        </button>`}
    </header>
    <div class="body rows"><${Lines} text=${text} set=${set} bad=${wrong?.line} area=${area}/>
      <div id="template-note" class="rows">${wrong && html`<p class="error" role="alert"><span>${wrong.line
        && html`<button class="at" type="button" onClick=${show}>Line ${wrong.line}</button>${': '}`}${wrong.text}
        </span></p>`}
        <small>${wrong && fault?.refused !== false ? 'It is not saved like this. ' : ''}A template that fails at boot
          gives way to the built-in script, and an alarm tells you.</small></div>
      <${TemplateHelp} insert=${may('operator') ? insert : null}/></div>`;
}
