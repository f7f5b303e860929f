// @ts-check
// Dark, light, or as the system.
import { html, signal } from '../core/ui.js';

const stored = 'netboot-theme', order = ['system', 'light', 'dark'];
export const theme = signal(localStorage.getItem(stored) ?? 'system');

const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);
system.addEventListener('change', () => { systemDark.value = system.matches; });

export function applyTheme() {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

function next() {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length];
  localStorage.setItem(stored, theme.value);
  applyTheme();
}

/** Whether dark is what is seen now. */
export const isDark = () => theme.value === 'dark'
  || (theme.value === 'system' && systemDark.value);

export function ThemeButton() {
  const label = `Theme: ${theme.value === 'system' ? 'as the system' : theme.value}`;
  return html`<button class="btn icon" type="button" aria-label=${label} title=${label} onClick=${next}>
    <svg class="i" viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" cy="7" r="5"/>
      ${theme.value === 'system' ? html`<path d="M7 2a5 5 0 0 1 0 10z" fill="currentColor"/>`
      : theme.value === 'dark' ? html`<circle cx="7" cy="7" r="5" fill="currentColor"/>` : null}</svg></button>`;
}
