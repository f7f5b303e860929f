// @ts-check
// What a file of the inventory declares is shown, and changed in that file.
import { html } from '../core/ui.js';
import { may } from '../core/session.js';

/** Whether this person may change a resource here. */
export const mayChange = (resource, role = 'operator') => may(role) && !resource.managedBy;

/** Which file declares it; nothing for what was made here. */
export const Managed = ({ of }) => of.managedBy && html`<div class="banner"><span>Declared by the file <code
  dir="auto">${of.managedBy.file}</code> of the inventory: change it there.</span></div>`;
