// @ts-check
// What a script template can use; a name is put into the text where the cursor is.
import { html } from '../core/ui.js';

const blocks = [['begin', 'Lines that every script begins with; needed for asking again.'],
  ['load', 'Fetches kernel and initrd, reports ready, boots.'],
  ['failed', 'The label that load jumps to: shows why, reports it, starts again.'],
  ['local_disk', 'Leaves the machine to its own disk.']];

const values = [['machine.name', 'Its name, or its MAC.'], ['machine.labels.rack', 'A label; empty without it.'],
  ['identity.serial', 'What the machine reports of itself: mac, uuid, serial, asset, manufacturer, product, '
    + 'hostname, arch, platform, ip, version.'],
  ['profile', 'This profile’s name.'], ['image', 'The image’s name.'], ['version', 'The version’s id.'],
  ['variant', 'Empty when the image has one system only.'], ['kernel', 'The kernel’s URL.'],
  ['initrd', 'The initrd’s URL.'], ['command_line', 'All kernel arguments, with initrd=initrd and netboot.boot=.'],
  ['kernel_arguments', 'The arguments of image, profile and machine, a list.'], ['server', 'This server’s URL.'],
  ['boot_url', 'The boot’s own; /ready and /failed behind it report.'],
  ['attempt', 'How often it has asked since it was switched on.'],
  ['url identity.hostname', 'A value for the query of a URL.']];

const Names = ({ of, insert }) => html`<dl class="kv names">${of.map(([name, what]) => html`<dt key=${name}>${insert
  ? html`<button class="at mono" type="button" title="Insert it at the cursor"
    onMouseDown=${event => event.preventDefault()} onClick=${() => insert(`{{ ${name} }}`)}>${name}</button>`
    : html`<code>${name}</code>`}</dt><dd>${what}</dd>`)}</dl>`;

export const TemplateHelp = ({ insert }) => html`<details><summary>What a template can use</summary><div class="rows">
  <h3>Blocks of the built-in script</h3><${Names} of=${blocks} insert=${insert}/>
  <h3>Values</h3><${Names} of=${values} insert=${insert}/>
  <p class="muted">Also <code>if</code>, <code>for</code> and the functions of <code>string</code>, <code>math</code>
    ${' '}and <code>array</code>, as in <code>${'{{ if machine.labels.gpu }} … {{ end }}'}</code>. There are no files,
    no clock and no regular expressions; a template has one second.</p></div></details>`;
