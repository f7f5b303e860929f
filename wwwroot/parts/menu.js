// @ts-check
// A button with a menu of actions.
import { html, useEffect, useRef, useState } from '../core/ui.js';

/**
 * @param {{label: string, children?: any, items: ({text: any, act?: () => void, href?: string} | false)[],
 *   plain?: boolean, icon?: boolean}} props
 */
export function Menu({ label, children = '⋯', items, plain = false, icon = true }) {
  const [open, setOpen] = useState(false);
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  const list = useRef(/** @type {HTMLElement | null} */ (null));

  useEffect(() => {
    const menu = list.current, place = button.current?.getBoundingClientRect();
    if (!open || !menu || !place) return;
    menu.showPopover();
    const top = place.bottom + menu.offsetHeight + 4 > innerHeight ? place.top - menu.offsetHeight - 4
      : place.bottom + 4;
    menu.style.setProperty('top', `${Math.max(4, top)}px`);
    menu.style.setProperty('left',
      `${Math.max(4, Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 4))}px`);
    /** @type {HTMLElement | null} */ (menu.querySelector('[role=menuitem]'))?.focus();
    const shut = () => setOpen(false);
    addEventListener('scroll', shut, { passive: true, once: true });
    return () => removeEventListener('scroll', shut);
  }, [open]);

  const close = () => { setOpen(false); button.current?.focus(); };
  const move = event => {
    const all = [.../** @type {NodeListOf<HTMLElement>} */ (event.currentTarget.querySelectorAll('[role=menuitem]'))];
    const at = all.findIndex(item => item === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); all[to % all.length].focus(); }
    if (event.key === 'Escape' || event.key === 'Tab') { event.preventDefault(); close(); }
    event.stopPropagation();
  };

  return html`<button ref=${button} class=${`btn ${plain ? 'plain' : ''} ${icon ? 'icon' : ''}`} type="button"
    aria-label=${label}
      aria-haspopup="menu" aria-expanded=${open} onClick=${() => setOpen(!open)}>${children}</button>
    ${open && html`<ul ref=${list} class="menu" popover="auto" role="menu" aria-label=${label} onKeyDown=${move}
        onToggle=${event => { if (event.newState === 'closed') setOpen(false); }}>
      ${items.map(item => item && html`<li role="none" key=${item.text}>${item.href
        ? html`<a role="menuitem" tabindex="-1" href=${item.href} onClick=${close}>${item.text}</a>`
        : html`<button role="menuitem" tabindex="-1" type="button" onClick=${() => { close(); item.act?.(); }}>
          ${item.text}</button>`}</li>`)}
    </ul>`}`;
}
