// @ts-check
// What a page says about itself in the browser's tab.
import { useEffect } from './ui.js';

export function useTitle(title) {
  useEffect(() => { document.title = `${title} · NetbootServer`; }, [title]);
}
