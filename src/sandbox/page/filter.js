// The filter's language. A term is a word, or a name, `:` or `=`, and a value;
// quotes hold spaces together, and `-` in front turns it round. All must hold.
const TERM =
  /(?<not>-)?(?:(?<name>[^\s:="]+)(?<sign>[:=])(?!\/\/))?(?:"(?<quoted>[^"]*)"?|(?<word>[^\s"]*))/gu;
const DEEPEST = 100;
/** Found by name only: as a word, `7` is something in an event. */
const NUMBERS = new Set(['#', 'request', 'events']);

/** The terms of what was typed. */
export function parse(typed) {
  const terms = [];
  for (const { groups } of typed.matchAll(TERM)) {
    const { not, name, sign, quoted, word } = groups;
    const value = quoted ?? word;
    if (name === undefined && value === '') continue;
    terms.push(termOf(not !== undefined, name?.toLowerCase(), sign, value));
  }
  return terms;
}

function termOf(isNegated, name, sign, value) {
  const numbered = name === undefined && /^#(\d+)$/.exec(value);
  if (numbered) {
    return { isNegated, name: '#', sign: '=', value: numbered[1] };
  }
  const pattern = new RegExp(escape(value), 'iu');
  return { isNegated, name, sign, value, pattern };
}

const escape = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Whether every term holds for the item, whose fields `walk` goes through. */
export function matches(terms, item, walk) {
  return terms.every((term) => holds(term, item, walk));
}

export function holds(term, item, walk) {
  const found = walk(item, (path, value) => finds(term, path, value));
  return found !== term.isNegated;
}

function finds({ name, sign, value: wanted, pattern }, path, value) {
  if (name === undefined) {
    if (NUMBERS.has(path)) return false;
    return pattern.test(`${value}`) || pattern.test(nameIn(path));
  }
  const isNamed = path === name || path.endsWith(`.${name}`);
  if (!isNamed || wanted === '') return isNamed;
  if (sign === '=') return `${value}` === wanted;
  if (typeof value === 'string') return pattern.test(value);
  return `${value}` === wanted.toLowerCase() || value === Number(wanted);
}

/** What a word may find of a field's path: not what every event has. */
const nameIn = (path) => /^(?:identifiers|data)\.(.*)$/s.exec(path)?.[1] ?? '';

/** The term in words, e.g. `email contains “ada”`. */
export function explain({ isNegated, name, sign, value }) {
  const not = isNegated ? 'not: ' : '';
  if (name === undefined) return `${not}“${value}” occurs anywhere`;
  if (name === '#') return `${not}its number is ${value}`;
  if (value === '') return `${not}there is a field ${name}`;
  if (sign === '=') return `${not}${name} is exactly “${value}”`;
  if (/^(-?[\d.]+|true|false|null)$/i.test(value)) {
    return `${not}${name} is ${value}, or text that contains it`;
  }
  return `${not}${name} contains “${value}”`;
}

/** Calls `test` with path and value of an event's fields until it returns true. */
export function walkEvent({ seq, requestId, duplicate, event }, test) {
  return (
    test('#', seq) ||
    test('request', requestId) ||
    test('type', event.type) ||
    (event.action !== undefined && test('action', event.action)) ||
    (duplicate && test('duplicate', 'duplicate')) ||
    walkValue(event.identifiers, 'identifiers', test, 0) ||
    walkValue(event.data, 'data', test, 0)
  );
}

/** The same of a request, as far as the list knows it. */
export function walkRequest(request, test) {
  const { id, method, path, status, outcome, batchSize, refusal } = request;
  return (
    test('#', id) ||
    test('method', method) ||
    test('path', path) ||
    test('status', status ?? outcome) ||
    test('events', batchSize) ||
    (refusal !== undefined && test('refusal', refusal)) ||
    ((status === undefined || status >= 300) && test('refused', 'refused')) ||
    request.faults.some((fault) => test('fault', fault))
  );
}

/** Places in lists are left out of paths: `data.order.items.product_id`. */
function walkValue(value, path, test, depth) {
  if (typeof value !== 'object' || value === null) {
    return test(path.toLowerCase(), value);
  }
  if (depth > DEEPEST) return false;
  if (Array.isArray(value)) {
    return value.some((inner) => walkValue(inner, path, test, depth + 1));
  }
  return Object.keys(value).some((name) =>
    walkValue(value[name], `${path}.${name}`, test, depth + 1),
  );
}
