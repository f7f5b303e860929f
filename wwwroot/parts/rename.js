// @ts-check
// Gives a machine, profile or image another name; its page goes along.
import { html } from '../core/ui.js';
import { ifRevision, patch } from '../core/api.js';
import { go } from '../core/router.js';
import { images, machines, profiles } from '../core/stores.js';
import { show } from './dialog.js';
import { TextField, useForm } from './form.js';
import { FormDialog } from './form-dialog.js';
import { toast } from './messages.js';

const stores = { machines, profiles, images };
const follows = {
  machines: 'Its boots, its next boot and its history follow.',
  profiles: 'Machines, menus and history that refer to it follow.',
  images: 'Profiles, jobs and history that refer to it follow. Its files are at the new name only: links to them from '
    + 'elsewhere must be changed.',
};

function Rename({ kind, item, close, before }) {
  const form = useForm(`rename/${kind}/${item.name}`, { name: item.name });
  const act = async () => {
    const name = form.get('name').trim();
    if (name === item.name) return item;
    const saved = await patch(`${kind}/${encodeURIComponent(item.name)}`, { name }, ifRevision(item.revision));
    before?.();
    stores[kind].drop(item.name);
    stores[kind].put(saved);
    go(kind, saved.name);
    toast(`${item.name} is now ${saved.name}`);
    return saved;
  };
  return html`<${FormDialog} close=${close} title=${`Rename ${item.name}`} action="Rename" form=${form} act=${act}>
    <${TextField} form=${form} name="name" label="New name" autocomplete="off" spellcheck=${false}/>
    <p class="muted">${follows[kind]}</p><//>`;
}

/**
 * @param {'machines' | 'profiles' | 'images'} kind
 * @param {any} item the resource as it is shown
 * @param {() => void} [before] called before its page is left
 */
export const openRename = (kind, item, before) => show(close =>
  html`<${Rename} kind=${kind} item=${item} close=${close} before=${before}/>`);
