// @ts-check
// Colours of terminals (SGR sequences) as classes; every other escape sequence is left out. Pure.

const escape = new RegExp([
  /\u001b\[([0-9;]*)m/, /\u001b\[[0-9;?]*[A-Za-z]/, /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/,
  /[\u0000-\u0008\u000b-\u001f]/,
].map(part => part.source).join('|'), 'g');

/**
 * @param {string} line
 * @returns {{text: string, look: string}[]} pieces with their classes: a1 bold, a2 dim, a31…a36 colours
 */
export function pieces(line) {
  const found = [];
  let at = 0, bold = false, dim = false, colour = '';
  const push = (/** @type {string} */ text) => {
    if (text) found.push({ text, look: [bold && 'a1', dim && 'a2', colour].filter(Boolean).join(' ') });
  };
  for (const match of line.matchAll(escape)) {
    push(line.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[1] === undefined) continue;
    for (const code of match[1].split(';').map(Number)) {
      if (code === 0) { bold = dim = false; colour = ''; }
      else if (code === 1) bold = true;
      else if (code === 2 || code === 90) dim = true;
      else if (code === 22) bold = dim = false;
      else if (code === 39) colour = '';
      else if (code >= 31 && code <= 36) colour = `a${code}`;
      else if (code >= 91 && code <= 96) colour = `a${code - 60}`;
    }
  }
  push(line.slice(at));
  return found;
}
