// @ts-check
// How many columns of the machines' table are in sight at this width; the same limits as css/widths.css.
import { signal } from '../core/ui.js';

const steps = [[1280, 8], [1024, 7], [768, 6], [0, 3]];
const count = () => steps.find(([width]) => innerWidth >= width)[1];

export const columns = signal(count());

/** Whether a page is as on a phone now. */
export const isNarrow = () => columns.value === steps.at(-1)[1];

addEventListener('resize', () => { columns.value = count(); });
