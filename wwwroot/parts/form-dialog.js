// @ts-check
// A dialog with a form: what is refused is said in it, and it stays until it worked or was cancelled.
import { html, useRef, useState } from '../core/ui.js';
import { Dialog } from './dialog.js';
import { Refusal } from './messages.js';

/**
 * @param {object} props
 * @param {(result?: any) => void} props.close
 * @param {string} props.title
 * @param {string} props.action the text of its button
 * @param {(signal: AbortSignal) => Promise<any>} props.act what its button does
 * @param {boolean} [props.many] act is done to many, one after the other; none is begun after the signal
 * @param {import('./form.js').Form} [props.form] what is typed into it
 * @param {boolean} [props.wide]
 * @param {import('preact').ComponentChildren} [props.children]
 */
export function FormDialog({ close, title, action, form, act, children, wide, many = false }) {
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const stop = useRef(/** @type {AbortController | null} */ (null));
  const [stopping, setStopping] = useState(false);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    const { signal } = stop.current = new AbortController();
    try {
      const result = await act(signal);
      form?.clear();
      close(result ?? true);
    } catch (error) {
      const rest = form?.refuse(error) ?? [];
      setProblem(Object.keys(error.errors ?? {}).length === 0 || rest.length
        ? Object.assign(error, { detail: rest.join('; ') || error.detail }) : null);
      setBusy(false);
    }
  };
  // What has been sent cannot be called back: of many the rest is left out, one goes on and says how it ended.
  const halt = () => { setStopping(true); stop.current?.abort(); };
  const cancel = () => { form?.clear(); close(); };
  return html`<${Dialog} title=${title} close=${busy && many ? halt : close} wide=${wide} onSubmit=${submit}
    footer=${html`<button class="btn" type="button" disabled=${stopping}
      onClick=${!busy ? cancel : many ? halt : close}>
      ${!busy ? 'Cancel' : !many ? 'Close' : stopping ? 'Stopping' : 'Stop'}</button>
    <button class="btn main" type="submit" aria-busy=${busy} disabled=${busy}>${action}</button>`}>${children}
      <${Refusal} problem=${problem}/><//>`;
}
