// @ts-check
// A button with a menu of actions.
import { html, useEffect, useRef, useState } from '../core/ui.js';

/**
 * @param {{label: string, children?: any, items: {text: any, act?: () => void, href?: string,}[], plain?: boolean,
 *   icon?: boolean}} props
 */
export function Menu({ label, children = '⋯', items, plain = false, icon = true }) {
  const [open, setOpen] = useState(false);
  const button = useRef(null), list = useRef(null);

  useEffect(() => {
    if (!open) return;
    const place = button.current.getBoundingClientRect(), menu = list.current;
    menu.showPopover();
    const top = place.bottom + menu.offsetHeight + 4 > innerHeight ? place.top - menu.offsetHeight - 4
      : place.bottom + 4;
    menu.style.setProperty('top', `${Math.max(4, top)}px`);
    menu.style.setProperty('left',
      `${Math.max(4, Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 4))}px`);
    menu.querySelector('[role=menuitem]')?.focus();
    const shut = () => setOpen(false);
    addEventListener('scroll', shut, { passive: true, once: true });
    return () => removeEventListener('scroll', shut);
  }, [open]);

  const close = () => { setOpen(false); button.current?.focus(); };
  const move = event => {
    const all = [...list.current.querySelectorAll('[role=menuitem]')], at = all.indexOf(document.activeElement);
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
      ${items.filter(Boolean).map(item => html`<li role="none" key=${item.text}>${item.href
        ? html`<a role="menuitem" tabindex="-1" href=${item.href} onClick=${close}>${item.text}</a>`
        : html`<button role="menuitem" tabindex="-1" type="button" onClick=${() => { close(); item.act(); }}>
          ${item.text}</button>`}</li>`)}
    </ul>`}`;
}
