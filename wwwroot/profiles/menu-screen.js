// @ts-check
// A menu as the machine's screen shows it, drawn from the very script that the machine gets.
import { html } from '../core/ui.js';

/** What the script's lines `menu`, `item` and `choose` say. */
export function screenOf(script) {
  const title = /^menu (.*)$/m.exec(script)?.[1] ?? '', items = [...script.matchAll(/^item (\S+) (.*)$/gm)]
    .map(([, key, text]) => ({ key, text }));
  const [, chosen, milliseconds] = /^choose --default (\S+) (?:--timeout (\d+) )?/m.exec(script) ?? [];
  return { title, items, chosen, seconds: milliseconds ? Number(milliseconds) / 1000 : 0 };
}

/** One line; the countdown stands at the end of the chosen one. */
const Item = ({ item, chosen, seconds }) => html`<div class=${chosen ? 'chosen' : undefined}><span>${item.text}</span>
  ${chosen && seconds > 0 && html`<span>(${seconds})</span>`}</div>`;

export function MenuScreen({ script }) {
  const { title, items, chosen, seconds } = screenOf(script);
  const end = items.find(item => item.key === chosen)?.text;
  return html`<div class="screen" role="img" aria-label=${`${title}: ${items.map(item => item.text).join(', ')}; begins
      with ${end}`}><b>${title}</b>${items.map(item =>
      html`<${Item} key=${item.key} item=${item} chosen=${item.key === chosen} seconds=${seconds}/>`)}</div>
    <small>${seconds ? `Left alone for ${seconds} s it takes “${end}”; any key stops the countdown.`
      : 'It waits until somebody chooses.'} Letters outside ASCII show as “?”.</small>`;
}
