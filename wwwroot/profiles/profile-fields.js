// @ts-check
// A profile as the fields of its form, and back.
import { images } from '../core/stores.js';
import { lines, pairs, unpair } from '../parts/format.js';
import * as menus from './menu-model.js';

/** The fields, and what a person calls them. */
export const labels = { image: 'image', version: 'version', variant: 'variant', selector: 'selector',
  priority: 'priority', kernelArguments: 'kernel arguments', after: 'after a success', expects: 'counts as success',
  localDisk: 'leaving to the local disk',
  menu: 'menu', template: 'script template' };

/** How a person reads those whose text is for programs. */
export const words = { menu: menus.inWords };

export const toFields = profile => ({ image: profile.image, version: profile.version ?? '',
  variant: profile.variant ?? '', selector: pairs(profile.selector), priority: String(profile.priority),
  kernelArguments: profile.kernelArguments.join('\n'), after: profile.after, expects: profile.expects,
  localDisk: profile.localDisk ?? '', menu: menus.fromApi(profile.menu), template: profile.template ?? '' });

const convert = { kernelArguments: lines, menu: menus.toApi,
  priority: text => text.trim() === '' ? 0 : Number.isNaN(Number(text)) ? text : Number(text) };

/** The changes as a merge patch of what is stored. */
export const toBody = (changes, before) => Object.fromEntries(Object.entries(changes).map(([name, text]) => [name,
  name === 'selector' ? { ...Object.fromEntries(Object.keys(before.selector ?? {}).map(key => [key, null])),
    ...unpair(text) }
    : convert[name] ? convert[name](text) : text || null]));

/** The whole profile as it is typed. */
export const wholeOf = form => toBody(Object.fromEntries(Object.keys(labels).map(name => [name, form.get(name)])
  .filter(([, text]) => text !== '')), {});

/** A profile that is not there yet. */
export const fresh = () => ({ name: '', image: [...images.items.value.keys()].sort()[0] ?? '', selector: '',
  priority: 0, kernelArguments: [], after: 'repeat', expects: 'auto' });

/** What its kernel line is measured by while it is typed. */
export const draftOf = form => ({ image: form.get('image'), version: form.get('version') || undefined,
  kernelArguments: lines(form.get('kernelArguments')) });
