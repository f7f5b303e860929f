// @ts-check
// The longest kernel line that a profile makes, of the machines that get it, with its parts.
import { html } from '../core/ui.js';
import { link } from '../core/router.js';
import { useResource } from '../core/resource.js';
import { images } from '../core/stores.js';
import { count } from '../parts/format.js';
import { State } from '../parts/basics.js';

const most = 2047, token = 80;

const size = args => args.reduce((sum, argument) => sum + argument.length + 1, 0);

/** What the profile's line has beside the machine's arguments: by its origin, unless values stand in it. */
function partsOf({ image, profile, rendered, hasPlaceholders }) {
  if (rendered === undefined) return { image, 'this profile': profile, ours: ours() };
  return hasPlaceholders ? { 'image, this profile and ours': rendered }
    : { image, 'this profile': profile, ours: rendered - image - profile };
}

/** "kernel initrd=initrd" before, netboot.boot= and its URL after. */
const ours = () => 'kernel initrd=initrd'.length + ` netboot.boot=${location.origin}/boots/`.length + token;

/**
 * @param {object} props
 * @param {any} props.draft the profile as it is typed
 * @param {{machine: string, bytes: number} | undefined} props.longest arguments of a machine that gets it
 * @param {number | undefined} props.rendered bytes of the line without the machine's arguments, as the server counts
 */
export function LongestLine({ draft, longest, rendered }) {
  const image = images.items.value.get(draft.image), version = draft.version ?? image?.current;
  const found = useResource(image && version ? `images/${encodeURIComponent(image.name)}/versions/${version}` : null,
    { poll: false });
  const systems = Object.values(found.data?.systems ?? {});
  const recipes = systems.flatMap(system => [system, ...Object.values(system.variants ?? {})]);
  const parts = { ...partsOf({ image: Math.max(0, ...recipes.map(part => size(part.kernelArguments))), rendered,
    profile: size(draft.kernelArguments), hasPlaceholders: [draft, ...recipes].some(part =>
      part.kernelArguments.some(argument => argument.includes('{{'))) }), machine: longest?.bytes ?? 0 };
  const sum = Object.values(parts).reduce((total, part) => total + part, 0);
  const is = sum > most ? 'failed' : sum > most * .8 ? 'warning' : null, text = `${count(sum)} of ${count(most)} bytes`;
  return html`<div class="rows" role="status"><meter class="thin" min="0" max=${most} low=${most * .8}
    high=${most * .95} optimum="0" value=${Math.min(sum, most)} aria-label="Longest kernel line">${text}</meter>
    <div class="bar">${is ? html`<${State} is=${is}>${text}<//>` : html`<span>${text}</span>`}${longest
      && html`<small>the longest line, that of
        <a href=${link('machines', longest.machine)}>${longest.machine}</a></small>`}
        </div>
    <small>${Object.entries(parts).map(([name, bytes]) => `${name} ${count(bytes)}`).join(' · ')}. ${sum > most
      ? 'The kernel would cut it: such a machine gets a script that says so, and waits.'
        : `Above ${count(most)} the kernel cuts the line.`}</small></div>`;
}
