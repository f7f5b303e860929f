// @ts-check
// Which image a profile boots, and what becomes of the machine after it.
import { html } from '../core/ui.js';
import { useResource } from '../core/resource.js';
import { images } from '../core/stores.js';
import { ChoiceField, TextField } from '../parts/form.js';

export function WhatToBoot({ form, isNew }) {
  const chosen = images.items.value.get(form.get('image'));
  const versions = useResource(chosen ? `images/${encodeURIComponent(chosen.name)}/versions` : null, { poll: false });
  const kept = versions.data?.items.map(version =>
    [version.id, `${version.id.slice(0, 8)}, ${version.createdAt.slice(0, 10)}`]) ?? [];
  const pinned = form.get('version');
  if (pinned && !kept.some(([id]) => id === pinned)) kept.push([pinned, pinned.slice(0, 8)]);
  return html`<header><h2>What to boot</h2></header><div class="body cols wide">
    ${isNew && html`<${TextField} form=${form} name="name" label="Name"
      hint="Lower-case letters, digits, dots, hyphens."/>`}
    <${ChoiceField} form=${form} name="image" label="Image"
      options=${[...images.items.value.keys()].sort().map(name => [name, name])}/>
    <${ChoiceField} form=${form} name="version" label="Version"
      options=${[['', `What is current${chosen?.current ? ` (${chosen.current.slice(0, 8)})` : ''}`], ...kept]}/>
    <${TextField} form=${form} name="variant" label="Variant" mono
      hint="One of several systems in the image, or {machine}."/>
    <${ChoiceField} form=${form} name="after" label="After a success"
      options=${[['repeat', 'Boot this again (repeat)'], ['local', 'Boot the local disk (local)']]}/>
    <${ChoiceField} form=${form} name="expects" label="Counts as success"
      options=${[['auto', form.get('after') === 'local' ? 'auto: ready, because its disk follows'
        : 'auto: up, once a boot of the version phoned home'], ['up', 'up: its system phoned home'],
        ['ready', 'ready: its kernel was started']]}/>
    <${ChoiceField} form=${form} name="localDisk" label="Leaving to the local disk"
      options=${[['', 'As the server is set'], ['exit-error', 'exit 1: firmware goes on (exit-error)'],
        ['exit-ok', 'exit 0 (exit-ok)'], ['sanboot', 'iPXE starts the first drive (sanboot)']]}/></div>`;
}
