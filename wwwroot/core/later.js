// @ts-check
// A part whose module is loaded when it is first drawn, so that the first page has less to wait for.
import { html, signal, useEffect } from './ui.js';

/**
 * @param {() => Promise<any>} load brings the component
 * @param {any} meanwhile what stands in its place until it is there
 */
export function later(load, meanwhile = null) {
  const loaded = signal(/** @type {{Part: import('preact').ComponentType<any>} | null} */ (null));
  return props => {
    useEffect(() => {
      if (!loaded.peek()) load().then(Part => { loaded.value = { Part }; },
        error => { console.warn(error); props.close?.(); }); // a dialog that does not come is closed
    }, []);
    return loaded.value ? html`<${loaded.value.Part} ...${props}/>` : meanwhile;
  };
}
