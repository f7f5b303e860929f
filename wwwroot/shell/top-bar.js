// @ts-check
// Above every page: search, the connection, the theme and the account.
import { html } from '../core/ui.js';
import { logOut, session } from '../core/session.js';
import { Icon } from '../parts/basics.js';
import { Menu } from '../parts/menu.js';
import { ThemeButton } from '../parts/theme.js';
import { LinkState } from './away-banner.js';
import { openPalette, openKeyList } from './open-palette.js';

const account = () => [
  { text: 'Keyboard…', act: openKeyList },
  { text: 'Log out', act: logOut },
];

/** Who is logged in, as it is shown and spoken. */
const accountName = () => {
  const { name = '', role = '' } = session.value ?? {};
  return role !== name ? `${name} · ${role}` : name;
};

/** Moves the focus into the page. @param {FocusOptions} [options] */
export const focusPage = options => document.getElementById('main')?.focus(options);

export const TopBar = () => html`<header class="top">
  <a class="skip" href="#main" onClick=${event => { event.preventDefault(); focusPage(); }}>
    Skip to content</a>
  <a class="brand" href="#/"><${Icon} name="brand"/><span>Netboot<span class="s-hide">Server</span></span></a>
  <button class="find" type="button" onClick=${openPalette}><${Icon} name="find"/>
    <span class="cut">Find <span class="s-hide">a machine, image or page</span></span><kbd class="s-hide">Ctrl K</kbd>
      </button>
  <${LinkState}/><span class="mono muted hide m-only">${location.host}</span><${ThemeButton}/>
  <${Menu} label=${`Account ${accountName()}`} icon=${false} plain items=${account()}>
    <span class="s-hide">${accountName()}</span>
    <span class="s-only" aria-hidden="true">⋯</span><//></header>`;
