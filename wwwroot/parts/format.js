// @ts-check
// Numbers and times as the dashboard writes them. Pure.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const whole = new Intl.NumberFormat('en');

/** @param {number} value @returns {[string, string]} number and unit */
function split(value) {
  let unit = 0;
  // From what would be written as 1000 on in the next unit: three digits that count are enough.
  while (value >= 999.5 && unit < units.length - 1) { value /= 1024; unit++; }
  const digits = unit === 0 ? 0 : unit >= 3 ? 2 : 1;
  return [value.toFixed(digits), units[unit]];
}

/** 687.4 MiB. @param {number | null | undefined} value */
export const bytes = value => value === null || value === undefined ? '–' : split(value).join(' ');

/** 441.8 of 687.4 MiB: the unit once when both have the same. @param {number} done @param {number} total */
export function byteProgress(done, total) {
  const [most, unit] = split(total);
  const scale = 1024 ** units.indexOf(unit);
  const digits = most.split('.')[1]?.length ?? 0;
  return done > 0 && done / scale < 0.1 ? `${bytes(done)} of ${most} ${unit}`
    : `${(done / scale).toFixed(digits)} of ${most} ${unit}`;
}

/** 24.6 MiB/s; from 100 on without decimals. @param {number | null | undefined} value per second */
export function rate(value) {
  if (value === null || value === undefined) return '–';
  const [number, unit] = split(value);
  return `${Number(number) >= 100 || unit === 'B' ? Math.round(Number(number)) : Number(number).toFixed(1)} ${unit}/s`;
}

/**
 * 0.4 s, 34 s, 1 min 04 s, 3 h 12 min, 6 days.
 * @param {number | null | undefined} seconds @param {boolean} [precise] with tenths below a minute
 */
export function duration(seconds, precise = false) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return '–';
  if (seconds < 0.95 || (precise && seconds < 60)) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return plural(Math.floor(seconds / 86_400), 'day');
}

/** 8 s ago, in 4 h, now. @param {number} at @param {number} now both in milliseconds */
export function age(at, now) {
  const seconds = (at - now) / 1000, size = Math.abs(seconds);
  if (size < 3) return 'now';
  const [value, unit] = size < 60 ? [Math.floor(size), 's'] : size < 3600 ? [Math.floor(size / 60), 'min']
    : size < 86_400 ? [Math.floor(size / 3600), 'h'] : [0, ''];
  if (unit) return seconds < 0 ? `${value} ${unit} ago` : `in ${value} ${unit}`;
  const days = Math.floor(size / 86_400);
  const [count, name] = days < 60 ? [days, 'day'] : days < 730 ? [Math.floor(days / 30.4), 'month']
    : [Math.floor(days / 365), 'year'];
  return seconds < 0 ? `${plural(count, name)} ago` : `in ${plural(count, name)}`;
}

/** 2026-11-23 14:31:33 UTC. @param {string | number} at */
export const exact = at => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** 14:31:33 in the viewer's time zone. @param {string | number} at */
export const clock = at => new Date(at).toLocaleTimeString('en-GB');

/** 61 %. @param {number} part @param {number} of */
export const percent = (part, of) => `${of > 0 ? Math.floor(part / of * 100) : 0} %`;

/** 1,204. @param {number} value */
export const count = value => whole.format(value);

/** 1 machine, 12 machines. @param {number} value @param {string} word @param {string} [many] */
export const plural = (value, word, many = `${word}s`) => `${count(value)} ${value === 1 ? word : many}`;

/** The first eight characters. @param {string | null | undefined} id */
export const short = id => id ? id.slice(0, 8) : '–';

/** The last eight characters of what begins with the time: boots, jobs. @param {string} id */
export const tail = id => id.slice(-8);

/** Text of 'k=v' pairs, one a line, from an object. @param {Record<string, string>} map */
export const pairs = map => Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`).join('\n');

/** An object from text of 'k=v' pairs. @param {string} text */
export const unpair = text => Object.fromEntries(lines(text).map(line => {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}));

/**
 * A JSON value for people: lists with commas, objects as 'k=v', long ids short.
 * @param {any} value @returns {string}
 */
export function plain(value) {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'string') return /^[0-9a-f]{32,64}$/.test(value) ? short(value) : value;
  if (Array.isArray(value)) return value.length ? value.map(plain).join(', ') : 'none';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value).map(([key, part]) => `${key}=${part && typeof part === 'object' ? '…' : plain(part)}`)
    .join(', ') || 'none';
}

/** The lines that have something. @param {string} text */
export const lines = text => text.split('\n').map(line => line.trim()).filter(Boolean);

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : null;
}

/** Whether the server takes it as a name. */
export const goodName = text => /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(text) && !text.includes('..');
