// @ts-check
// What machines can boot, and for which of them it is.
import { html, useEffect } from '../core/ui.js';
import { go, link, route } from '../core/router.js';
import { images, machines, profiles } from '../core/stores.js';
import { useKeys } from '../parts/keys.js';
import { may } from '../core/session.js';
import { useTitle } from '../core/title.js';
import { profileOf } from '../parts/profile-of.js';
import { count } from '../parts/format.js';
import { Id, Tags } from '../parts/basics.js';
import { Empty, Ghost, Trouble } from '../parts/messages.js';

/** How many machines get each. */
function users() {
  const counts = new Map();
  for (const machine of machines.items.value.values()) {
    const name = profileOf(machine, profiles.items.value)?.name;
    if (name && machine.state === 'registered') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

const Row = ({ profile, machines }) =>
  html`<tr><th scope="row"><a class="cut" dir="auto" href=${link('profiles', profile.name)} title=${profile.name}>
    ${profile.name}</a>${(profile.menu || profile.template) && html`<span class="sub">${[profile.menu
      && `menu of ${profile.menu.entries.length}`, profile.template && 'script of its own'].filter(Boolean).join(', ')}
    </span>`}</th>
  <td><a class="cut" title=${profile.image} href=${link('images', profile.image)}>${profile.image}</a><span class="sub">
    ${profile.version ? html`pinned to <${Id} of=${profile.version}/>`
    : images.items.value.get(profile.image)?.current
      ? html`current, <${Id} of=${images.items.value.get(profile.image).current}/>` : 'no version yet'}</span></td>
  <td class="s-hide">${Object.keys(profile.selector).length
    ? html`<span class="tags"><${Tags} of=${profile.selector}/></span>`
      : html`<span class="muted">by name only</span>`}</td>
  <td class="num m-only">${profile.priority}</td><td class="m-only">
    ${profile.after === 'local' ? 'local disk' : 'again'}</td>
  <td class="num"><a href=${link('machines', null, { profile: profile.name })}>${count(machines)}</a></td></tr>`;

export default function Profiles() {
  useTitle('Profiles');
  const all = [...profiles.use().values()].sort((left, right) => left.name < right.name ? -1 : 1);
  machines.use();
  images.use();
  const counts = users(), add = route.value.query.has('add');
  const make = () => go('profiles', '+');
  useEffect(() => { if (add) make(); }, [add]);
  useKeys(may('operator') ? { n: make } : {});
  return html`<div class="head"><h1>Profiles</h1><small>what to boot, and which machines it is for</small>
      ${may('operator') && html`<span class="bar push">
        <a class="btn main" href=${link('profiles', '+')}>Add profile</a></span>`}</div>
    <section class="panel" aria-label="All profiles">
      ${profiles.state.value === 'failed' ? html`<${Trouble} problem=${profiles.problem.value} retry=${profiles.load}/>`
      : profiles.state.value !== 'ready' ? html`<${Ghost} lines=${5}/>`
      : all.length === 0 ? html`<${Empty} title="No profile yet"
        actions=${may('operator') && html`<a class="btn" href=${link('profiles', '+')}>Add profile</a>`}>
          A profile says what to boot: an image and kernel arguments. Machines get it by name, or by their labels.<//>`
      : html`<div class="scroll"><table><thead><tr><th scope="col">profile</th><th scope="col">boots</th>
        <th scope="col" class="s-hide">machines with</th>
          <th scope="col" class="num m-only">priority</th><th scope="col" class="m-only">then</th>
            <th scope="col" class="num">machines</th></tr></thead>
          <tbody>${all.map(profile =>
            html`<${Row} key=${profile.name} profile=${profile} machines=${counts.get(profile.name) ?? 0}/>`)}</tbody>
              </table></div>`}</section>`;
}
