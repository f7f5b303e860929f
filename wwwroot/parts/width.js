// @ts-check
// How many columns of the machines' table are in sight at this width; the same limits as css/widths.css.
import { signal } from '../core/ui.js';

const fewest = 3, steps = [[1280, 8], [1024, 7], [768, 6]];
const count = () => steps.find(([width]) => innerWidth >= width)?.[1] ?? fewest;

export const columns = signal(count());

/** Whether a page is as on a phone now. */
export const isNarrow = () => columns.value === fewest;

addEventListener('resize', () => { columns.value = count(); });
