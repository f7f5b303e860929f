// @ts-check
// The public halves of a machine's ssh host keys, for known_hosts.
import { html } from '../core/ui.js';
import { Copy } from '../parts/basics.js';

/** What ssh may call it: its name, and the addresses that its overlay gives it. */
const namesOf = ({ name, overlay }) => [...new Set([overlay?.hostname, name].filter(Boolean)),
  ...(overlay?.network ?? []).flatMap(({ addresses = [] }) => addresses.map(address => address.split('/')[0]))];

/** @param {any} machine @returns {string} lines of known_hosts */
export const knownHosts = machine =>
  machine.hostKeys.map(key => `${namesOf(machine).join(',')} ${key.public}\n`).join('');

export const HostKeys = ({ machine }) => machine.hostKeys?.length > 0 && html`<header><h2>SSH host keys</h2>
    <span class="push"><${Copy} text=${knownHosts(machine)}>Copy for known_hosts<//></span></header>
  <dl class="body kv">${machine.hostKeys.map(key => html`<dt key=${key.type}>${key.type}</dt>
    <dd><code>${key.fingerprint}</code></dd>`)}</dl>`;
