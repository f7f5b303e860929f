// @ts-check
// A source of URLs: the files by their roles, how they are verified, where the newest version's name is found.
import { html, useState } from '../core/ui.js';
import { ArgumentEditor } from '../parts/argument-editor.js';
import { useArgumentPreview } from '../parts/argument-preview.js';
import { lines } from '../parts/format.js';
import { Field } from '../parts/form.js';
import { roles } from './upload-model.js';

const roleOptions = roles.filter(([role]) => role);

/** A list, or the text that leaves it out. */
const listOrNone = list => list.length ? list : '';

/** A member that is text; empty text leaves it out. */
const without = (object, name, value) => {
  const { [name]: _, ...rest } = object;
  return value === '' ? rest : { ...rest, [name]: value };
};

const Text = ({ label, value, set, error, placeholder, hint }) => html`<${Field} label=${label} error=${error}
  hint=${hint}>${aria => html`<input ...${aria} type="text" class="mono" autocomplete="off" spellcheck=${false}
  placeholder=${placeholder} value=${value} onInput=${event => set(event.target.value)}/>`}<//>`;

function File({ file, at, last, put, move, drop, form }) {
  const path = `$.source.files[${at}]`, name = file.name || roles.find(([role]) => role === file.role)?.[1] || 'File';
  const set = (member, value) => put(without(file, member, value));
  return html`<div class="item rows" role="group" aria-label=${`File ${at + 1}: ${name}`}>
    <div class="cols urls"><${Field} label="Role" error=${form.errorBelow(`${path}.role`)}>${aria => html`<select
        ...${aria} value=${file.role}
        onChange=${event => put({ ...without(file, 'name', ''), role: event.target.value })}>
        ${roleOptions.map(([role, text]) => html`<option key=${role} value=${role} selected=${role === file.role}>
          ${text}</option>`)}</select>`}<//>
      ${file.role === 'files' && html`<${Text} label="Name" value=${file.name ?? ''} set=${text => set('name', text)}
        error=${form.errorBelow(`${path}.name`)} placeholder="rootfs.squashfs"/>`}
      <span class="bar push"><button class="btn icon" type="button" aria-label=${`Move ${name} up`} disabled=${at === 0}
          onClick=${() => move(-1)}>↑</button><button class="btn icon" type="button" aria-label=${`Move ${name} down`}
          disabled=${at === last} onClick=${() => move(1)}>↓</button><button class="btn icon" type="button"
          aria-label=${`Remove ${name}`} disabled=${last === 0} onClick=${drop}>✕</button></span></div>
    <div class="cols pin"><${Text} label="URL" value=${file.url ?? ''} set=${text => put({ ...file, url: text })}
      error=${form.errorBelow(`${path}.url`)} placeholder="https://mirror.example/{version}/{arch}/vmlinuz"/>
    ${typeof file.sha256 === 'object' ? html`<small>SHA-256 by system: change it in the JSON below.</small>`
      : html`<${Text} label="SHA-256" value=${file.sha256 ?? ''} set=${text => set('sha256', text.trim())}
        error=${form.errorBelow(`${path}.sha256`)} hint="Empty: by the sums file, or as fetched."/>`}</div>
    <details open=${Boolean(file.member || file.asFetched)}><summary>More</summary><div class="cols wide">
      <${Text} label="Member of an archive" value=${file.member ?? ''} set=${text => set('member', text)}
        error=${form.errorBelow(`${path}.member`)} placeholder="boot/vmlinuz-*"
        hint="Taken out of the archive at the URL; empty: the file itself."/>
      <label class="check"><input type="checkbox" checked=${file.asFetched ?? false} onChange=${event =>
        put(without({ ...file, asFetched: true }, 'asFetched', event.target.checked || ''))}/>
        Trusted as fetched: no digest, no signature</label></div></details></div>`;
}

/** Keys as they are published, one after the other: armored ones, ones with a comment before them, or one a line. */
const keysOf = text => text.split(text.includes('-----BEGIN') ? /(?=-----BEGIN)/
  : text.includes('untrusted comment:') ? /(?=untrusted comment:)/ : '\n').map(key => key.trim()).filter(Boolean);

/** Two members of an object that is there as long as one of them has text. */
const pair = (source, name, member, value) => {
  const inner = without(source[name] ?? {}, member, value);
  return without(source, name, Object.keys(inner).length ? inner : '');
};

function Verification({ source, set, form }) {
  const sums = [source.sumsFile ?? []].flat().join(' '), keys = source.signature?.keys ?? [];
  const setSums = text => {
    const all = text.trim().split(/\s+/).filter(Boolean);
    set(without(source, 'sumsFile', all.length > 1 ? all : all[0] ?? ''));
  };
  return html`<div class="cols wide"><${Text} label="Sums file" value=${sums} set=${setSums}
      error=${form.errorBelow('$.source.sumsFile')} placeholder="https://mirror.example/{version}/SHA256SUMS"
      hint="SHA256SUMS or SHA512SUMS: every file without a digest of its own must be in it."/>
    <${Text} label="Its signature" value=${source.signature?.url ?? ''} placeholder="https://…/SHA256SUMS.sign"
      error=${form.errorBelow('$.source.signature.url')} hint="OpenPGP, signify or minisign. Empty: none, or it
        is in the list itself. {file} stands for the list."
      set=${text => set(pair(source, 'signature', 'url', text.trim()))}/></div>
    ${(source.sumsFile || source.signature) && html`<${Field} label="Keys that may sign it"
      error=${form.errorBelow('$.source.signature.keys')} hint="Public keys, as they are published; several one after
        the other.">${aria => html`<textarea ...${aria} rows="3" spellcheck=${false} value=${keys.join('\n')}
        onChange=${event => set(pair(source, 'signature', 'keys', listOrNone(keysOf(event.target.value))))}></textarea>`
      }<//>`}`;
}

const Newest = ({ source, set, form }) => html`<div class="cols wide"><${Text} label="Newest version from"
    value=${source.versionFrom?.url ?? ''} error=${form.errorBelow('$.source.versionFrom.url')}
    placeholder="https://mirror.example/releases/" hint="A page or list that names versions. Empty: no {version}."
    set=${text => set(pair(source, 'versionFrom', 'url', text.trim()))}/>
  ${source.versionFrom && html`<${Text} label="Pattern of a version" value=${source.versionFrom.pattern ?? ''}
    error=${form.errorBelow('$.source.versionFrom.pattern')} placeholder=${'href="v(?<version>[0-9.]+)/"'}
    hint="A regular expression; its group is the version, the newest counts."
    set=${text => set(pair(source, 'versionFrom', 'pattern', text))}/>`}</div>`;

function Arguments({ source, set, form }) {
  const stored = (source.kernelArguments ?? []).join('\n'), [typed, setTyped] = useState(stored);
  const value = lines(typed).join('\n') === stored ? typed : stored, preview = useArgumentPreview(value, {});
  const type = text => {
    setTyped(text);
    set({ ...without(source, 'kernelArguments', ''), ...lines(text).length ? { kernelArguments: lines(text) } : {} });
  };
  return html`<${ArgumentEditor} label="Kernel arguments" hint="One on a line. {{ begins a placeholder." value=${value}
    set=${type} error=${form.errorBelow('$.source.kernelArguments')} preview=${preview} measured/>`;
}

/** @param {{form: any, source: any, set: (source: any) => void}} props */
export function UrlSource({ form, source, set }) {
  const files = source.files ?? [], setFiles = list => set({ ...source, files: list });
  const move = (at, by) => {
    const next = [...files];
    next.splice(at + by, 0, ...next.splice(at, 1));
    setFiles(next);
  };
  return html`<fieldset class="rows"><legend class="label">Files, initrds in the order of loading</legend>
      ${files.map((file, at) => html`<${File} key=${at} ...${{ file, at, form, last: files.length - 1 }}
        put=${next => setFiles(files.map((other, index) => index === at ? next : other))}
        move=${by => move(at, by)} drop=${() => setFiles(files.filter((_, index) => index !== at))}/>`)}
      <button class="btn" type="button" onClick=${() => setFiles([...files, { role: 'initrd', url: '' }])}>Add a file
      </button></fieldset>
    <${Verification} source=${source} set=${set} form=${form}/><${Newest} source=${source} set=${set} form=${form}/>
    <${Arguments} source=${source} set=${set} form=${form}/>`;
}
