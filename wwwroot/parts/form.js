// @ts-check
// Fields of forms. A form's draft lives outside its page, so that nothing typed is lost on the way.
import { html, signal, useMemo } from '../core/ui.js';
import { drafts } from '../core/drafts.js';

let count = 0;

/** A label, a control, a hint or what is wrong with the value. */
export function Field({ label, hint, error, hidden = false, children }) {
  const id = useMemo(() => `f${++count}`, []);
  return html`<div class="field"><label for=${id} class=${hidden ? 'vh' : undefined}>${label}</label>
    ${children({ id, 'aria-invalid': error ? 'true' : undefined, 'aria-describedby': error || hint ? `${id}-note`
      : undefined })}
    ${error ? html`<p class="error" id=${`${id}-note`}>${error}</p>` : hint && html`<small id=${`${id}-note`}>${hint}
      </small>`}</div>`;
}

/** One line of text. */
export const TextField = ({ form, name, label, hint, mono = false, type = 'text', ...rest }) =>
  html`<${Field} label=${label} hint=${hint} error=${form.error(name)}>${aria =>
    html`<input ...${aria} ...${rest} type=${type} class=${mono ? 'mono' : undefined} spellcheck=${false}
      autocomplete=${rest.autocomplete ?? 'off'}
      dir=${mono ? undefined : 'auto'} value=${form.get(name)}
        onInput=${event => form.set(name, event.target.value)}/>`}<//>`;

/** Several lines; one value each. */
export const LinesField = ({ form, name, label, hint, rows = 3, mono = true, hidden = false }) =>
  html`<${Field} label=${label} hint=${hint} error=${form.error(name)} hidden=${hidden}>${aria =>
    html`<textarea ...${aria} rows=${rows} class=${mono ? undefined : 'prose'} spellcheck=${!mono}
      dir=${mono ? undefined : 'auto'}
      value=${form.get(name)} onInput=${event => form.set(name, event.target.value)}></textarea>`}<//>`;

/**
 * One of a few.
 * @param {{form: Form, name: string, label: string, hint?: any, options: [value: string, text: string][]}} props
 */
export const ChoiceField = ({ form, name, label, hint, options }) =>
  html`<${Field} label=${label} hint=${hint} error=${form.error(name)}>${aria =>
    html`<select ...${aria} value=${form.get(name)} onChange=${event => form.set(name, event.target.value)}>
      ${options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === form.get(name)}>
        ${text}</option>`)}</select>`}<//>`;

const isBelow = (path, of) => path === of || path.startsWith(`${of}.`) || path.startsWith(`${of}[`);

/** The field that a JSON path leads into. @param {string} path */
const fieldOf = path => path.replace(/^\$\.?/, '').split(/[.[]/)[0];

/** Faults under their paths and, together, under their fields; rest: those that belong to none. */
function byField(faults, fields) {
  const errors = {}, rest = [];
  for (const [path, texts] of Object.entries(faults)) {
    const name = fieldOf(path);
    if (name in fields) {
      errors[name] = [errors[name], ...texts].filter(Boolean).join('; ');
      errors[path] = texts.join('; ');
    } else rest.push(`${path}: ${texts[0]}`);
  }
  return { errors, rest };
}

/** @typedef {ReturnType<typeof useForm>} Form */

/**
 * What a person has changed of a resource and not yet saved.
 * @param {string} key says which resource; its draft is kept under it until saved or discarded
 * @param {Record<string, string>} base the fields as they are stored
 * @param {any} [resource] what is stored
 */
export function useForm(key, base, resource) {
  const draft = useMemo(() => {
    const known = drafts.get(key) ?? { values: signal({}), errors: signal({}), base: signal(base), resource };
    drafts.set(key, known);
    return known;
  }, [key]);
  const touched = Object.keys(draft.values.value);
  // As long as nothing is typed the form follows the resource; then it stays at what the changes were made from.
  if (touched.length === 0) { draft.base.value = base; draft.resource = resource; }
  const from = draft.base.value;
  return {
    base: from,
    /** What the changes were made from; what is saved meanwhile is a conflict, also when it shows here already. */
    resource: draft.resource,
    get: name => draft.values.value[name] ?? from[name] ?? '',
    set(name, value) {
      const values = { ...draft.values.value };
      if (value === (from[name] ?? '')) delete values[name]; else values[name] = value;
      draft.values.value = values;
      drafts.set(key, draft); // also what is typed on after a save
      const mine = Object.keys(draft.errors.value).filter(path => path === name || isBelow(path, `$.${name}`));
      if (mine.length) draft.errors.value = Object.fromEntries(Object.entries(draft.errors.value)
        .filter(([path]) => !mine.includes(path)));
    },
    error: name => draft.errors.value[name],
    /** The fault of a part of a field, by its JSON path: at the part itself or at anything in it. */
    errorBelow: path => Object.entries(draft.errors.value).find(([at]) => isBelow(at, path))?.[1],
    changes: draft.values.value,
    changed: touched,
    /** Shows the faults of a 422 at their fields; those without one are returned. */
    refuse(problem) {
      if (!problem.errors) return []; // not by the server: what was found wrong here stands at its field
      const { errors, rest } = byField(problem.errors, from);
      draft.errors.value = errors;
      return rest;
    },
    /** Shows what was found wrong in some fields as they are now; the faults of others stay. */
    check(names, found) {
      const { errors } = byField(found, Object.fromEntries(names.map(name => [name, ''])));
      const others = Object.entries(draft.errors.value).filter(([path]) => !names.includes(fieldOf(path)));
      draft.errors.value = { ...Object.fromEntries(others), ...errors };
    },
    fault(name, text) { draft.errors.value = { ...draft.errors.value, [name]: text }; },
    clear() { draft.values.value = {}; draft.errors.value = {}; drafts.delete(key); },
  };
}
