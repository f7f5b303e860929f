// @ts-check
// Rows of a long table: only those in sight are drawn, so that ten thousand scroll like ten.
import { useEffect, useLayoutEffect, useRef, useState } from '../core/ui.js';

const spare = 12;

/**
 * Which of `count` rows to draw while the page scrolls; all rows have one height, the custom property --vrow.
 * @param {number} count
 * @returns {{ref: any, from: number, to: number, before: number, after: number, reveal: (at: number) => void}}
 */
export function useRows(count) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null)), height = useRef(41);
  const [range, setRange] = useState({ from: 0, to: Math.min(count, 40) });

  const measure = () => {
    if (!ref.current) return;
    height.current = parseFloat(getComputedStyle(ref.current).getPropertyValue('--vrow')) || 41;
    const top = ref.current.getBoundingClientRect().top;
    // Whole dozens, so that scrolling draws anew only now and then.
    const from = Math.max(0, Math.floor(-top / height.current / spare) * spare - spare);
    const to = Math.min(count, from + Math.ceil(innerHeight / height.current / spare) * spare + 3 * spare);
    setRange(old => old.from === from && old.to === to ? old : { from, to });
  };

  useLayoutEffect(measure, [count]);
  useEffect(() => {
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => { removeEventListener('scroll', measure); removeEventListener('resize', measure); };
  }, [count]);

  /** Scrolls so that a row is in sight. */
  const reveal = at => {
    if (!ref.current) return;
    const top = ref.current.getBoundingClientRect().top + at * height.current;
    if (top < 100) scrollBy(0, top - 140);
    else if (top + height.current > innerHeight - 40) scrollBy(0, top + height.current - innerHeight + 80);
  };
  const to = Math.min(range.to, count), from = Math.min(range.from, to);
  return { ref, from, to, before: from * height.current, after: (count - to) * height.current, reveal };
}
