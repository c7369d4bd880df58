import { addressOfEvent } from './address.js';
import { shortTime } from './clock.js';
import { el } from './dom.js';
import { fields, nameOf } from './event-view.js';
import { segmentsView } from './segments.js';
import { byTelling, number, preview } from './format.js';

const MAX_EVENTS = 500;

/** Everything that is known of one customer, stitched from all events. */
export function customerView(customer, current, { segments, act }) {
  const identifiers = byTelling(customer.identifiers).flatMap(
    ([name, values]) => values.map((value) => [name, value]),
  );
  const { events } = customer;
  const shown = events.slice(-MAX_EVENTS).toReversed();
  return [
    fields('Identifiers', identifiers),
    fields('Attributes', Object.entries(customer.attributes)),
    segmentsView(customer, segments, act),
    el(
      'section',
      {},
      el(
        'h3',
        {},
        'History ',
        el('span', { class: 'count' }, number(events.length)),
      ),
      el(
        'ol',
        { class: 'history' },
        shown.map((received) => historyItem(received, current)),
      ),
      shown.length < events.length
        ? el('p', { class: 'note' }, `The newest ${MAX_EVENTS} are shown.`)
        : undefined,
    ),
  ];
}

function historyItem(received, current) {
  return el(
    'li',
    received.seq === current ? { 'aria-current': 'true' } : {},
    shortTime(received.receivedAt),
    el(
      'div',
      {},
      nameOf(received.event),
      received.duplicate
        ? el('span', { class: 'chip warn' }, 'duplicate')
        : undefined,
      el('p', { class: 'dim mono' }, preview(received.event.data)),
    ),
    el('a', { href: addressOfEvent(received.seq) }, `#${received.seq}`),
  );
}
