// @ts-check
// Named sources of bootable versions.
import { html, useEffect } from '../core/ui.js';
import { route, setQuery } from '../core/router.js';
import { machines, profiles } from '../core/stores.js';
import { useKeys } from '../parts/keys.js';
import { may } from '../core/session.js';
import { useTitle } from '../core/title.js';
import { ImagesTable } from '../parts/images-table.js';
import { openImageForm } from './image-form.js';

export default function Images() {
  useTitle('Images');
  machines.use();
  profiles.use();
  const add = route.value.query.has('add');
  useEffect(() => { if (add) { setQuery({ add: null }); openImageForm(null); } }, [add]);
  useKeys(may('admin') ? { n: () => openImageForm(null) } : {});
  return html`<div class="head"><h1>Images</h1><small>where kernels and initrds come from</small>
      ${may('admin') && html`<span class="bar push">
        <button class="btn main" type="button" onClick=${() => openImageForm(null)}>Add image</button></span>`}</div>
    <section class="panel" aria-label="All images"><${ImagesTable}/></section>`;
}
