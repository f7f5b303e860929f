// @ts-check
// Opens what is loaded when it is first wanted. It counts as open at once: keys that follow are not the page's.
import { html } from '../core/ui.js';
import { isOpen, show } from '../parts/dialog.js';
import { later } from '../core/later.js';

const Palette = later(() => import('./palette.js').then(module => module.Palette));
const Keys = later(() => import('./palette.js').then(module => module.Keys));

const opener = Part => () => { if (!isOpen()) show(close => html`<${Part} close=${close}/>`); };

export const openPalette = opener(Palette);
export const openKeyList = opener(Keys);
