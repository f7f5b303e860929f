// @ts-check
// What the server would refuse of an overlay, asked a moment after the last key; saving alone stores anything.
import { useEffect, useRef } from '../core/ui.js';
import { patch } from '../core/api.js';
import { relocate, toBody } from './overlay-fields.js';

const pause = 400;

/** What a form's faults are about. @param {any} fields by name @param {string} path "$.files[0].path" */
const valueAt = (fields, path) => path.slice(2).split(/[.[\]]+/).filter(Boolean)
  .reduce((value, step) => value?.[step], fields);

/**
 * Shows what is wrong in the fields that were changed. What is not filled in yet is not wrong until it is saved.
 * @param {import('./form.js').Form} form
 * @param {string} path of the machine or profile
 */
export function useOverlayCheck(form, path) {
  const checked = useRef(/** @type {Record<string, string>} */ ({})), { changes } = form;
  useEffect(() => {
    for (const name of Object.keys(checked.current))
      if (checked.current[name] !== changes[name]) delete checked.current[name];
    const names = Object.keys(changes).filter(name => !(name in checked.current));
    if (names.length === 0) return;
    const stop = new AbortController(), some = Object.fromEntries(names.map(name => [name, changes[name]]));
    const timer = setTimeout(async () => {
      const body = toBody(some);
      let errors = {};
      try {
        await patch(`${path}?dryRun=true`, body, { signal: stop.signal });
      } catch (problem) {
        // Others changed it, or the server is away: that is for when it is saved.
        if (stop.signal.aborted || problem.status !== 422) return;
        errors = relocate(problem).errors;
      }
      if (stop.signal.aborted) return;
      Object.assign(checked.current, some);
      const fields = { ...body.overlay, ...body };
      form.check(names, Object.fromEntries(Object.entries(errors).filter(([at]) => valueAt(fields, at) !== '')));
    }, pause);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [changes]);
}
