// @ts-check
// Import and export of machines, where the server has them.
import { html } from '../core/ui.js';
import { address } from '../core/api.js';
import { has } from '../core/state.js';
import { may } from '../core/session.js';
import { Menu } from '../parts/menu.js';
import { show } from '../parts/dialog.js';

const formats = [['csv', 'CSV'], ['json', 'JSON'], ['yaml', 'YAML']];

const openImport = async () => {
  const { Import } = await import('./import.js');
  show(close => html`<${Import} close=${close}/>`);
};

export const TransferButtons = () => html`
  ${has('machines/export') && html`<${Menu} label="Export" icon=${false} items=${formats.map(([format, text]) =>
    ({ text, href: `${address('machines/export')}?format=${format}` }))}>Export<//>`}
  ${has('machines/import') && may('operator')
    && html`<button class="btn" type="button" onClick=${openImport}>Import…</button>`}`;
