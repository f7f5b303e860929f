// How many columns of the machines' table are in sight at this width; the same limits as css/widths.css.
import { signal } from '../ui.js';

/** Below it a page is as on a phone. */
export const narrow = 768;

const steps = [[1280, 8], [1024, 7], [narrow, 6], [0, 3]];
const count = () => steps.find(([width]) => innerWidth >= width)[1];

export const columns = signal(count());
addEventListener('resize', () => { columns.value = count(); });
