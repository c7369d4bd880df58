/** What every SDK sends along; it would crowd out what the event is about. */
const SENT_ALONG = new Set([
  'idempotence_id',
  'ts',
  'data_source',
  'data_source_type',
  'data_source_version',
]);
/** Identifiers by how much they tell a person; an account's own stand between. */
const MOST_TELLING = ['email', 'phone', 'customer_id', 'fs_user_id'];
const LEAST_TELLING = ['web_user_id', 'zaius_id', 'vuid'];

const MAX_VALUE_LENGTH = 20_000;
const MAX_PREVIEW_LENGTH = 160;

export const isSentAlong = (name) => SENT_ALONG.has(name);

export const number = (value) => value.toLocaleString('en');

/** `1 event`, `2,000 events`. */
export const count = (value, what) =>
  `${number(value)} ${what}${value === 1 ? '' : 's'}`;

/** Names and values of an event's identifiers, the most telling first. */
export function byTelling(identifiers) {
  return Object.entries(identifiers).sort(([a], [b]) => rank(a) - rank(b));
}

function rank(name) {
  const most = MOST_TELLING.indexOf(name);
  if (most >= 0) return most;
  const least = LEAST_TELLING.indexOf(name);
  return MOST_TELLING.length + (least < 0 ? 0 : least + 1);
}

/**
 * A value at a length that a list has room for. It is cut in the middle, since
 * identifiers differ at their ends; an e-mail address keeps its domain.
 */
export function shorten(value, most) {
  if (value.length <= most) return value;
  const domain = value.length - value.lastIndexOf('@');
  const tail = domain <= most * 0.7 ? domain : Math.floor(most * 0.4);
  return `${head(value, most - tail - 1)}…${value.slice(-tail)}`.toWellFormed();
}

/** The beginning, not ending within a character. */
const head = (value, length) =>
  value.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

/** A value as text; objects as indented JSON. */
export function text(value) {
  const whole =
    typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return cut(whole ?? '', MAX_VALUE_LENGTH, ` … (${whole?.length} characters)`);
}

/** Fields on one line. */
export function preview(fields) {
  const parts = [];
  let length = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (length > MAX_PREVIEW_LENGTH) break;
    if (isSentAlong(name)) continue;
    const part = `${name}: ${cut(oneLine(value), 60, '…')}`;
    parts.push(part);
    length += part.length;
  }
  return parts.join('  ·  ');
}

/** One of eight colours for a type, always the same one. */
export function hueOf(type) {
  let hash = 0;
  for (const letter of type.slice(0, 64)) {
    hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  }
  return hash % 8;
}

const cut = (whole, length, sign) =>
  whole.length > length ? head(whole, length) + sign : whole;

function oneLine(value) {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
