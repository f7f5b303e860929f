// @ts-check
// Files that are dropped on the page or chosen, and what they begin with.
import { html, useEffect, useRef, useState } from '../core/ui.js';

/** Of an ISO it takes half of this to tell; a guess has at most so many bytes in all. */
const head = 64 << 10, most = 5 << 20;

/** The first bytes of each file in base64, as much of them as one request carries. @param {File[]} files */
export const headsOf = files => Promise.all(files.map(async file => {
  const size = Math.min(head, Math.floor(most / files.length));
  const bytes = new Uint8Array(await file.slice(0, size).arrayBuffer());
  let binary = '';
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return { name: file.name, sizeBytes: file.size, head: btoa(binary) };
}));

const hasFiles = event => event.dataTransfer?.types.includes('Files');

/** Files of a drop; folders are none. @param {DataTransfer} transfer */
const filesOf = transfer => [...transfer.items].filter(item => item.kind === 'file'
  && !item.webkitGetAsEntry()?.isDirectory).map(item => item.getAsFile()).filter(file => file !== null);

/**
 * Takes files that are dropped anywhere on the page, as long as the part is there.
 * @param {((files: File[]) => void) | null} take
 * @returns {boolean} whether some are held over the page
 */
export function useDrop(take) {
  const [over, setOver] = useState(false), act = useRef(take);
  act.current = take;
  useEffect(() => {
    const hold = event => {
      if (!act.current || !hasFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = event => { if (!event.relatedTarget) setOver(false); };
    const drop = event => {
      if (!act.current || !hasFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      setOver(false);
      const files = filesOf(event.dataTransfer);
      if (files.length) act.current(files);
    };
    addEventListener('dragover', hold);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', hold);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return over;
}

/** Where files are dropped, with a button that asks for them. */
export function DropFiles({ take, disabled, children }) {
  const over = useDrop(disabled ? null : take);
  const chosen = event => {
    const files = [...event.target.files];
    event.target.value = ''; // the same ones again are a choice, too
    if (files.length) take(files);
  };
  return html`<div class=${over ? 'drop over' : 'drop'}><label class="btn pick">Choose files…<input class="vh"
    type="file" multiple disabled=${disabled} onChange=${chosen}/></label>
    <small>${over ? 'Drop them.' : children}</small></div>`;
}
