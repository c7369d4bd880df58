import { addressOfEvent, addressOfRequest } from './address.js';
import { eventTime, fullTime, shortTime } from './clock.js';
import { copyIcon } from './copy.js';
import { el } from './dom.js';
import {
  byTelling,
  hueOf,
  isSentAlong,
  number,
  preview,
  shorten,
  text,
} from './format.js';

const SHOWN_IDENTIFIERS = 3;

/** `type` and `action`, as they stand everywhere. */
export function nameOf({ type, action }) {
  return el(
    'span',
    { class: 'name' },
    el('span', { class: `type hue-${hueOf(type)}` }, type),
    el('b', {}, text(action)),
  );
}

/** The cells of an event's row. */
export function eventCells(received) {
  const { seq, event, requestId, index, batchSize } = received;
  return [
    el('span', {}, `#${seq}`),
    el('span', {}, shortTime(received.receivedAt)),
    el(
      'span',
      {},
      nameOf(event),
      received.duplicate
        ? el('span', { class: 'chip warn', title: 'duplicate' }, 'dup')
        : undefined,
    ),
    identifiersOf(event),
    el('span', {}, preview(event.data)),
    el(
      'span',
      {},
      `${requestId} `,
      el('small', {}, `${index + 1}/${number(batchSize)}`),
    ),
  ];
}

function identifiersOf({ identifiers }) {
  const all = byTelling(identifiers);
  const title = all.map(([name, value]) => `${name}: ${text(value)}`);
  return el(
    'span',
    { title: title.join('\n') },
    all
      .slice(0, SHOWN_IDENTIFIERS)
      .map(([name, value], index) =>
        el(
          'span',
          { class: 'id' },
          el('i', {}, name),
          ' ',
          shorten(text(value), index === 0 ? 26 : 20),
        ),
      ),
    all.length > SHOWN_IDENTIFIERS
      ? el('span', { class: 'id' }, `+${all.length - SHOWN_IDENTIFIERS}`)
      : undefined,
  );
}

/** Names and values under a heading; those that are text can be copied. */
export function fields(title, entries, attributes = {}) {
  if (entries.length === 0) return undefined;
  return el(
    'section',
    attributes,
    el('h3', {}, title),
    el(
      'dl',
      { class: 'fields' },
      entries.map(([name, value]) => [
        el('dt', {}, name),
        el(
          'dd',
          { class: kindOf(value) },
          el('span', {}, explained(name, value)),
          value instanceof Node ? undefined : copyIcon(name, plain(value)),
        ),
      ]),
    ),
  );
}

/** JSON to look at, folded away unless it is short. */
export function raw(title, value, open = false) {
  return el(
    'details',
    { open },
    el('summary', {}, title),
    el('pre', { tabindex: '0' }, text(value)),
  );
}

/** All of one event. */
export function eventView(received) {
  const { event, seq, requestId, index, batchSize, duplicateOf } = received;
  const data = Object.entries(event.data);
  return [
    received.duplicate
      ? el(
          'p',
          { class: 'note warn' },
          'An event with this idempotence_id had been accepted before, as ',
          el('a', { href: addressOfEvent(duplicateOf) }, `#${duplicateOf}`),
          '.',
        )
      : undefined,
    fields('Identifiers', byTelling(event.identifiers)) ??
      el('p', { class: 'note' }, 'It names no customer: no identifiers.'),
    fields(
      'Data',
      data.filter(([name]) => !isSentAlong(name)),
    ),
    fields(
      'Sent along',
      data.filter(([name]) => isSentAlong(name)),
      { class: 'quiet' },
    ),
    fields('Arrival', [
      ['received', fullTime(received.receivedAt)],
      [
        'request',
        el(
          'span',
          {},
          el(
            'a',
            { href: addressOfRequest(requestId) },
            `request ${requestId}`,
          ),
          `, event ${index + 1} of ${number(batchSize)}`,
        ),
      ],
      ['number', el('span', {}, `#${seq}`)],
    ]),
    raw('As JSON', event),
  ];
}

/** A value with what it means, where that is not plain to see. */
function explained(name, value) {
  if (value instanceof Node) return value;
  const at = name === 'ts' ? eventTime(value) : undefined;
  if (at !== undefined) {
    return [fullTime(at.toISOString()), ' ', el('small', {}, `${value}`)];
  }
  return value === '' ? '(empty)' : text(value);
}

/** A value as it is copied. */
const plain = (value) =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2);

function kindOf(value) {
  if (value === null || typeof value === 'boolean') return 'mono word';
  if (typeof value === 'number') return 'mono figure';
  return typeof value === 'object' && !(value instanceof Node)
    ? 'mono block'
    : '';
}
