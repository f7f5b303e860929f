// @ts-check
// A page with a form: save, discard, what is not saved, Ctrl-S.
import { html, useState } from '../core/ui.js';
import { useKeys } from '../parts/keys.js';
import { Refusal } from '../parts/messages.js';
import { plural } from '../parts/format.js';

/**
 * @param {any} form
 * @param {() => Promise<void>} act throws the problem
 */
export function useSaving(form, act) {
  const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
  const save = async () => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await act();
    } catch (error) {
      const rest = form.refuse(error);
      const atFields = Object.keys(error.errors ?? {}).length > 0 && rest.length === 0;
      setProblem(atFields ? null : Object.assign(error, { detail: rest.join('; ') || error.detail }));
    }
    setBusy(false);
  };
  useKeys({ 'Ctrl+s': save });
  return { busy, problem, save };
}

/** The buttons of such a page, in its head. */
export const SaveBar = ({ form, saving, isNew = false, action = 'Save', children }) => html`<span class="bar push">
  ${form.changed.length > 0 && !isNew && html`<small>${plural(form.changed.length, 'change')} not saved</small>
    <button class="btn" type="button" onClick=${() => form.clear()}>Discard</button>`}
  <button class="btn main" type="button" disabled=${saving.busy || (!isNew && form.changed.length === 0)}
    aria-busy=${saving.busy} onClick=${saving.save}>${action}</button>${children}</span>`;

export const SaveTrouble = ({ saving }) => saving.problem
  && html`<div class="body pad"><${Refusal} problem=${saving.problem}/></div>`;
