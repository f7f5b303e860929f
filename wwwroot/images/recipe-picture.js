// @ts-check
// A recipe as a picture: boxes in the order in which a machine loads them, what it fetches later apart.
import { html } from '../core/ui.js';
import { bytes } from '../parts/format.js';
import { Copy, Id } from '../parts/basics.js';
import { besideOf, furtherOf, initrdsOf, overlayKinds, programsOf, shimOf, uploadedAs } from './recipe-model.js';

/** Copies of a file's digest and address; the words for a screen reader say whose. */
const Copies = ({ file, label }) => html`<span class="copies"><${Id} of=${file.sha256}/>
  <${Copy} plain text=${file.sha256}>SHA-256<span class="vh"> of ${label}</span><//>
  ${file.url && html`<${Copy} plain text=${new URL(file.url, document.baseURI).href}>URL<span
    class="vh"> of ${label}</span><//>`}</span>`;

/** One file, and how much of all that is loaded it is. */
const Box = ({ part, version, named, total = 0, firmware }) => {
  const { label, file, role } = part, name = file.kernelVersion ?? uploadedAs(version, named, role);
  return html`<div class="box"><div class="bar"><b>${label}</b><span class="push">${bytes(file.sizeBytes)}</span></div>
    ${total > 0 && html`<meter class="thin" min="0" max=${total} value=${file.sizeBytes}
      aria-label=${`Part of what is loaded: ${label}`}>${bytes(file.sizeBytes)}</meter>`}
    ${(firmware || (name && name !== label)) && html`<div class="bar">${firmware && html`<span class="tag">${firmware}
      </span>`}${name !== label && html`<small>${name}</small>`}</div>`}
    <${Copies} file=${file} label=${label}/></div>`;
};

const Overlay = ({ kind }) => html`<li><div class=${kind === 'none' ? 'box off' : 'box'}>
  <div class="bar"><b>Machine’s overlay</b></div><small>${kind === 'none'
    ? 'cannot be delivered: this initrd takes none, or there is none'
    : `its own files, made at each boot; ${overlayKinds[kind] ?? 'where it has some'}`}</small></div></li>`;

/**
 * What a machine loads before its system starts.
 * @param {{version: any, named: import('./recipe-model.js').NamedRecipe, total: number}} props total: bytes
 */
export function Loaded({ version, named, total }) {
  const programs = programsOf(named), rest = { version, named, total };
  return html`<ol class="recipe" aria-label="Loaded in this order"><li>
      ${programs.map(part => html`<${Box} key=${part.role} part=${part} firmware=${part.firmware} ...${rest}/>`)}</li>
    ${initrdsOf(named).map(part => html`<li key=${part.role}><${Box} part=${part} ...${rest}/></li>`)}
    <${Overlay} kind=${version.overlayKinds?.[named.key]}/>
    ${shimOf(named).map(part => html`<li key=${part.role}><${Box} part=${part} firmware="UEFI" ...${rest}/>
      <small>Verifies the kernel with Secure Boot.</small></li>`)}</ol>`;
}

const Apart = ({ title, parts, kind, children, ...rest }) => parts.length > 0 && html`<h3>${title}</h3>
  <p class="muted">${children}</p><ul class=${`recipe ${kind}`} aria-label=${title}>${parts.map(part =>
    html`<li key=${part.role}><${Box} part=${part} ...${rest}/></li>`)}</ul>`;

export const Fetched = props => html`<${Apart} title="Fetched after boot" kind="after" parts=${furtherOf(props.named)}
  ...${props}>By the booted system itself, from this server; the bytes count to its boot.<//>`;

export const Beside = props => html`<${Apart} title="Kept beside" kind="beside" parts=${besideOf(props.named)}
  ...${props}>Not loaded by a network boot.<//>`;
