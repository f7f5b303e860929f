// @ts-check
// Editing an overlay: what a machine gets beside its image, without another image.
import { html } from '../core/ui.js';
import { saveForm } from './saving.js';
import { ChoiceField, Field, TextField, useForm } from './form.js';
import { FormDialog } from './form-dialog.js';
import { toast } from './messages.js';
import { lines } from './format.js';
import { useOverlayCheck } from './overlay-check.js';
import { blanks, labelsOf, read, relocate, toBody, toFields, words, write } from './overlay-fields.js';
import { Files } from './overlay-files.js';
import { HostKeys } from './overlay-host-keys.js';
import { Networks } from './overlay-networks.js';
import { SecretPart } from './overlay-secret.js';

const releases = [['', 'Once, where the profile leaves to the disk; else at every boot'],
  ['once', 'Once: in one boot for each time they are armed'], ['every-boot', 'At every boot']];

/**
 * @param {object} props
 * @param {'machines' | 'profiles'} props.kind
 * @param {any} props.resource the machine or profile, whole
 * @param {(stored: any) => void} props.saved
 * @param {(result?: any) => void} props.close
 */
export function OverlayForm({ kind, resource, saved, close }) {
  const path = `${kind}/${encodeURIComponent(resource.name)}`;
  const form = useForm(`overlay/${path}`, toFields(resource), resource), labels = labelsOf(kind);
  useOverlayCheck(form, path);
  const act = async () => {
    const empty = blanks(form.get);
    if (Object.keys(empty).length) throw Object.assign(new Error('A secret is empty.'), { errors: empty });
    if (form.changed.length === 0) return;
    try {
      saved(await saveForm({ path, what: resource.name, resource: form.resource, form, labels, toFields, toBody,
        words }));
    } catch (problem) { throw relocate(problem); }
    toast(`Overlay of ${resource.name} saved. Machines get it from their next boot on.`);
  };
  const secret = read(form.get('rootPasswordHash'));
  return html`<${FormDialog} wide close=${close} title=${`Overlay of ${resource.name}`} action="Save" form=${form}
      act=${act}>
    ${kind === 'profiles' && html`<p class="muted">All machines that boot the profile get it; what a machine sets itself
      comes over it, and keys are united.</p>`}
    <div class="cols"><${TextField} form=${form} name="hostname" label="Hostname" mono/>
      <${TextField} form=${form} name="machineId" label="Machine ID" mono hint="32 hexadecimal digits"/></div>
    <${AuthorizedKeys} form=${form}/>
    <${HostKeys} form=${form}/>
    <fieldset class="rows"><legend class="label">Root password hash</legend>
      <${SecretPart} name="root password hash" value=${secret} before=${read(form.base.rootPasswordHash)}
        set=${value => form.set('rootPasswordHash', write(value))} error=${form.error('rootPasswordHash')}
        hint="As mkpasswd -m yescrypt writes it; never the password itself."/></fieldset>
    <${Networks} form=${form}/><${Files} form=${form}/>
    ${kind === 'machines' && html`<${ChoiceField} form=${form} name="secretRelease" label="Secrets leave"
      options=${releases}
      hint="Saving a secret, or a next boot, arms one release; the boot that succeeds spends it."/>`}<//>`;
}

/** The key that is wrong is named by its line. */
function AuthorizedKeys({ form }) {
  const text = form.get('authorizedKeys'), faults = lines(text).map((_, at) => form.error(`$.authorizedKeys[${at}]`));
  const at = faults.findIndex(Boolean);
  const error = at >= 0 ? `Key ${at + 1}: ${faults[at]}` : form.error('authorizedKeys');
  return html`<${Field} label="Authorized keys of root" hint="One on a line, as in authorized_keys" error=${error}>${
    aria => html`<textarea ...${aria} rows="3" spellcheck=${false} value=${text}
      onInput=${event => form.set('authorizedKeys', event.target.value)}></textarea>`}<//>`;
}
