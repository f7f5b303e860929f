// @ts-check
// Where the focus goes when what had it is gone: never to nowhere.

const focusable = 'a[href], button:not(:disabled), input:not(:disabled), select, textarea, [tabindex]';

/** Milliseconds in which what follows a dialog may take away what had the focus, such as a row or a toolbar. */
const aftermath = 3000;

const isUsable = element => element?.isConnected && element.getClientRects().length > 0
  && !element.matches(':disabled') && element.closest('[inert]') === null;

/** @returns whether it has the focus now */
function take(element) {
  if (isUsable(element)) element.focus({ preventScroll: true });
  return document.activeElement === element;
}

let watching = 0;

/** While nothing has the focus the nearest thing that is left takes it, unless a person has moved on. */
function watch(before, around) {
  clearInterval(watching);
  const until = performance.now() + aftermath;
  const stop = () => {
    clearInterval(watching);
    for (const name of ['keydown', 'pointerdown']) removeEventListener(name, stop, true);
  };
  for (const name of ['keydown', 'pointerdown']) addEventListener(name, stop, true);
  const look = () => {
    if (performance.now() > until) return stop();
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    if (take(before)) return;
    for (const element of around.filter(element => element.isConnected)) {
      if (element.matches('main')) { take(element); return; }
      for (const inside of element.querySelectorAll(focusable)) if (take(inside)) return;
    }
    take(document.getElementById('main'));
  };
  watching = setInterval(look, 50);
  look();
}

/** Remembers what has the focus. @returns how to give it back */
export function rememberFocus() {
  const before = document.activeElement, around = [];
  for (let at = before?.parentElement; at && at !== document.body; at = at.parentElement) around.push(at);
  return () => watch(before === document.body ? null : before, around);
}
