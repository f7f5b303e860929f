// @ts-check
// The pages of the dashboard, each loaded when it is first opened.
import { has } from './core/state.js';

/** The pages; `path` is what the server must have for it. */
const pages = [
  { id: 'overview', title: 'Overview', load: () => import('./overview/overview-page.js') },
  { id: 'machines', title: 'Machines', path: 'machines', load: name => name === null
    ? import('./machines/machines-page.js') : import('./machines/machine-page.js') },
  { id: 'boots', title: 'Boots', path: 'boots', load: name => name === null
    ? import('./boots/boots-page.js') : import('./boots/boot-page.js') },
  { id: 'profiles', title: 'Profiles', path: 'profiles', load: name => name === null
    ? import('./profiles/profiles-page.js') : import('./profiles/profile-page.js') },
  { id: 'images', title: 'Images', path: 'images', load: name => name === null
    ? import('./images/images-page.js') : import('./images/image-page.js') },
  { id: 'jobs', title: 'Jobs', path: 'jobs', load: name => name === null
    ? import('./jobs/jobs-page.js') : import('./jobs/job-page.js') },
  { id: 'setup', title: 'Setup', path: 'setup', after: true, load: () => import('./setup/setup-page.js') },
  { id: 'access', title: 'Access', path: 'tokens', after: true, load: () => import('./access/access-page.js') },
  { id: 'about', title: 'About', after: true, load: () => import('./about/about-page.js') },
];

/** Those that this server can fill. */
export const shownPages = () => pages.filter(page => !page.path || has(page.path));
