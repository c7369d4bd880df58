import { el } from './dom.js';
import {
  explained,
  hueOf,
  isSentAlong,
  number,
  preview,
  text,
  time,
} from './format.js';

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
  const identifiers = Object.entries(event.identifiers);
  return [
    el('span', { class: 'dim num' }, `#${seq}`),
    el('span', { class: 'dim mono' }, time(received.receivedAt)),
    el(
      'span',
      { class: 'what' },
      nameOf(event),
      received.duplicate
        ? el('span', { class: 'chip warn', title: 'duplicate' }, 'dup')
        : undefined,
    ),
    el(
      'span',
      { class: 'who' },
      identifiers
        .slice(0, 3)
        .map(([name, value]) =>
          el('span', { class: 'id' }, el('i', {}, name), ' ', text(value)),
        ),
      identifiers.length > 3 ? `+${identifiers.length - 3}` : undefined,
    ),
    el('span', { class: 'dim mono data' }, preview(event.data)),
    el(
      'span',
      { class: 'dim num' },
      `${requestId} `,
      el('small', {}, `${index + 1}/${number(batchSize)}`),
    ),
  ];
}

/** Names and values under a heading. */
export function fields(title, entries, attributes = {}) {
  if (entries.length === 0) return undefined;
  return el(
    'section',
    attributes,
    el('h3', {}, title),
    el(
      'dl',
      { class: 'fields' },
      entries
        .map(([name, value]) => [
          el('dt', {}, name),
          el('dd', { class: kindOf(value) }, explained(name, value)),
        ])
        .flat(),
    ),
  );
}

/** JSON to look at, folded away unless it is short. */
export function raw(title, value, open = false) {
  return el(
    'details',
    { open },
    el('summary', {}, title),
    el('pre', {}, text(value)),
  );
}

/** All of one event. */
export function eventView(received, { onEvent, onRequest }) {
  const { event, seq, requestId, index, batchSize, duplicateOf } = received;
  const data = Object.entries(event.data);
  return [
    received.duplicate
      ? el(
          'p',
          { class: 'note warn' },
          'An event with this idempotence_id had been accepted before, as ',
          link(`#${duplicateOf}`, () => onEvent(duplicateOf)),
          '.',
        )
      : undefined,
    fields('Identifiers', Object.entries(event.identifiers)) ??
      el('p', { class: 'note' }, 'It names no customer: no identifiers.'),
    fields(
      'Data',
      data.filter(([name]) => !isSentAlong(name)),
    ),
    fields(
      'Sent along',
      data.filter(([name]) => isSentAlong(name)),
      {
        class: 'quiet',
      },
    ),
    el(
      'section',
      {},
      el('h3', {}, 'Arrival'),
      el(
        'dl',
        { class: 'fields' },
        el('dt', {}, 'received'),
        el('dd', {}, `#${seq} at ${time(received.receivedAt)}`),
        el('dt', {}, 'request'),
        el(
          'dd',
          {},
          link(`request ${requestId}`, () => onRequest(requestId)),
          `, event ${index + 1} of ${batchSize}`,
        ),
      ),
    ),
    raw('As JSON', event),
  ];
}

/** A reference to something else on the page. */
export function link(label, onclick) {
  return el('button', { type: 'button', class: 'link', onclick }, label);
}

function kindOf(value) {
  if (value === null || typeof value === 'boolean') return 'mono word';
  if (typeof value === 'number') return 'mono figure';
  return typeof value === 'object' ? 'mono block' : '';
}
