// A dialog with a form: what is refused is said in it, and it stays until it worked or was cancelled.
import { html, useState } from '../ui.js';
import { Dialog } from './dialog.js';
import { Refusal } from './messages.js';

/** @param {{act: () => Promise<any>, action: string}} props what its button does, and says */
export function FormDialog({ close, title, action, form, act, children, wide }) {
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const result = await act();
      form?.clear();
      close(result ?? true);
    } catch (error) {
      const rest = form?.refuse(error) ?? [];
      setProblem(Object.keys(error.errors ?? {}).length === 0 || rest.length
        ? Object.assign(error, { detail: rest.join('; ') || error.detail }) : null);
      setBusy(false);
    }
  };
  const cancel = () => { form?.clear(); close(); };
  return html`<${Dialog} title=${title} close=${close} wide=${wide} onSubmit=${submit} footer=${html`
    <button class="btn" type="button" onClick=${cancel}>Cancel</button>
    <button class="btn main" type="submit" aria-busy=${busy} disabled=${busy}>${action}</button>`}>${children}
      <${Refusal} problem=${problem}/><//>`;
}
