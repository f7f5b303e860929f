// Named sources of bootable versions.
import { html, useEffect } from '../ui.js';
import { route, setQuery } from '../router.js';
import { machines, profiles } from '../stores.js';
import { useKeys } from '../keys.js';
import { may } from '../session.js';
import { useTitle } from '../title.js';
import { ImagesTable } from '../parts/imagestable.js';
import { openImageForm } from '../parts/imageform.js';

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
