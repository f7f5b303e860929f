// The pages of the dashboard, each loaded when it is first opened.
import { has } from './state.js';

/** The pages; `path` is what the server must have for it. */
const pages = [
  { id: 'overview', title: 'Overview', load: () => import('./pages/overview.js') },
  { id: 'machines', title: 'Machines', path: 'machines', load: name => name === null
    ? import('./pages/machines.js') : import('./pages/machine.js') },
  { id: 'boots', title: 'Boots', path: 'boots', load: name => name === null
    ? import('./pages/boots.js') : import('./pages/boot.js') },
  { id: 'profiles', title: 'Profiles', path: 'profiles', load: name => name === null
    ? import('./pages/profiles.js') : import('./pages/profile.js') },
  { id: 'images', title: 'Images', path: 'images', load: name => name === null
    ? import('./pages/images.js') : import('./pages/image.js') },
  { id: 'jobs', title: 'Jobs', path: 'jobs', load: name => name === null
    ? import('./pages/jobs.js') : import('./pages/job.js') },
  { id: 'setup', title: 'Setup', path: 'setup', after: true, load: () => import('./pages/setup.js') },
  { id: 'access', title: 'Access', path: 'tokens', after: true, load: () => import('./pages/access.js') },
  { id: 'about', title: 'About', after: true, load: () => import('./pages/about.js') },
];

/** Those that this server can fill. */
export const shownPages = () => pages.filter(page => !page.path || has(page.path));
