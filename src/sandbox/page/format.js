/** What every SDK sends along; it would crowd out what the event is about. */
const SENT_ALONG = new Set([
  'idempotence_id',
  'ts',
  'data_source',
  'data_source_type',
  'data_source_version',
]);
const LONGEST_VALUE = 20_000;
const LONGEST_PREVIEW = 160;
const LONGEST_HAYSTACK = 4_000;

export const isSentAlong = (name) => SENT_ALONG.has(name);

export const number = (value) => value.toLocaleString('en');

const two = (value) => String(value).padStart(2, '0');

export function time(iso) {
  const at = new Date(iso);
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}

/** A value as text; objects as indented JSON. */
export function text(value) {
  const whole =
    typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return cut(whole ?? '', LONGEST_VALUE, ` … (${whole?.length} characters)`);
}

/** A value with what it means, where that is not plain to see. */
export function explained(name, value) {
  if (name === 'ts' && typeof value === 'number') {
    const at = new Date(value * 1000);
    if (!Number.isNaN(at.getTime())) {
      return `${value} (${at.toISOString().replace('.000Z', 'Z')})`;
    }
  }
  return value === '' ? '(empty)' : text(value);
}

/** Fields on one line. */
export function preview(fields) {
  const parts = [];
  let length = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (length > LONGEST_PREVIEW) break;
    if (isSentAlong(name)) continue;
    const part = `${name}: ${cut(oneLine(value), 60, '…')}`;
    parts.push(part);
    length += part.length;
  }
  return parts.join('  ·  ');
}

/** What the filter looks through. */
export function haystackOf({ seq, requestId, duplicate, event }) {
  const parts = [
    `#${seq} request:${requestId} type:${event.type} action:${event.action}`,
    duplicate ? 'duplicate' : '',
  ];
  gather(event.identifiers, '', parts, 0);
  gather(event.data, '', parts, 0);
  return cut(parts.join(' '), LONGEST_HAYSTACK, '').toLowerCase();
}

export function requestHaystackOf(request) {
  const { id, method, path, status, outcome, faults } = request;
  return `#${id} ${method} ${path} status:${status ?? outcome} ${faults.join(' ')}`.toLowerCase();
}

/** One of eight colours for a type, always the same one. */
export function hueOf(type) {
  let hash = 0;
  for (const letter of type.slice(0, 64)) {
    hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  }
  return hash % 8;
}

/** Where a status belongs, for its colour. */
export function toneOf({ status, outcome }) {
  if (outcome !== 'answered') return 'bad';
  if (status < 300) return 'good';
  return status < 500 ? 'warn' : 'bad';
}

export const cut = (whole, length, sign) =>
  whole.length > length ? whole.slice(0, length) + sign : whole;

function oneLine(value) {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function gather(value, path, parts, depth) {
  if (typeof value !== 'object' || value === null) {
    parts.push(`${path}:${value}`);
    return;
  }
  if (depth > 4 || parts.length > 200) return;
  for (const [name, inner] of Object.entries(value)) {
    gather(inner, path === '' ? name : `${path}.${name}`, parts, depth + 1);
  }
}
