// @ts-check
// Somebody else saved the same thing meanwhile: both versions, and a choice for each difference.
import { html, useState } from '../core/ui.js';
import { Dialog, show } from './dialog.js';

/**
 * @param {{what: string, base: Record<string, string>, theirs: Record<string, string>, mine: Record<string, string>,
 *   labels: Record<string, string>, words?: Record<string, (text: string) => string>}} props
 *   texts of fields: as loaded, as stored now, as typed here; words: how a person reads one that is for programs
 * @returns {Promise<Record<string, string> | null>} the fields as chosen, or null to discard mine
 */
export const chooseBetween = props => show(close => html`<${Conflict} ...${props} close=${close}/>`)
  .then(result => result ?? null);

function Conflict({ what, base, theirs, mine, labels, words = {}, close }) {
  const differing = Object.keys(labels).filter(name => (theirs[name] ?? '') !== (mine[name] ?? ''));
  const [chosen, setChosen] = useState(() =>
    Object.fromEntries(differing.map(name => [name, mine[name] !== (base[name] ?? '') ? 'mine' : 'theirs'])));
  const Side = ({ name, side, text }) => html`<td><label class="check version">
    <input type="radio" name=${`conflict-${name}`} checked=${chosen[name] === side}
    onChange=${() => setChosen({ ...chosen, [name]: side })}/><span class="versiontext" dir="auto">
      ${(text && words[name]?.(text)) || text || html`<i class="muted">empty</i>`}</span></label></td>`;
  const save = () => close(Object.fromEntries(Object.keys(labels)
    .map(name => [name, (chosen[name] ?? 'mine') === 'mine' ? mine[name] ?? '' : theirs[name] ?? ''])));
  return html`<${Dialog} title=${`${what} was changed while you were editing`} wide close=${() => close(undefined)}
    onSubmit=${save} footer=${html`
    <button class="btn" type="button" onClick=${() => close(undefined)}>Discard mine</button>
      <button class="btn main" type="submit">Save this choice</button>`}>
    <p>Choose for each difference; nothing is saved yet.</p>
    <div class="scroll"><table><thead><tr><th scope="col">field</th><th scope="col">saved meanwhile</th>
      <th scope="col">yours</th></tr></thead>
      <tbody>${differing.map(name => html`<tr key=${name}><th scope="row">${labels[name]}</th>
        ${Side({ name, side: 'theirs', text: theirs[name] })}${
        Side({ name, side: 'mine', text: mine[name] })}</tr>`)}</tbody></table></div><//>`;
}
