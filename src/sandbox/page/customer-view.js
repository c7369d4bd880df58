import { el } from './dom.js';
import { fields, link, nameOf } from './event-view.js';
import { number, preview, time } from './format.js';

const MOST_EVENTS = 500;

/** Everything that is known of one customer, stitched from all events. */
export function customerView(customer, current, { onEvent }) {
  const identifiers = Object.entries(customer.identifiers).flatMap(
    ([name, values]) => values.map((value) => [name, value]),
  );
  const { events } = customer;
  const shown = events.slice(-MOST_EVENTS).toReversed();
  return [
    fields('Identifiers', identifiers),
    fields('Attributes', Object.entries(customer.attributes)),
    fields('Audiences', Object.entries(customer.audiences)),
    el(
      'section',
      {},
      el(
        'h3',
        {},
        'History',
        el('span', { class: 'count' }, number(events.length)),
      ),
      el(
        'ol',
        { class: 'history' },
        shown.map((received) =>
          el(
            'li',
            received.seq === current ? { 'aria-current': 'true' } : {},
            el('span', { class: 'dim mono' }, time(received.receivedAt)),
            el(
              'div',
              {},
              nameOf(received.event),
              received.duplicate
                ? el('span', { class: 'chip warn' }, 'duplicate')
                : undefined,
              el('p', { class: 'dim mono data' }, preview(received.event.data)),
            ),
            link(`#${received.seq}`, () => onEvent(received.seq)),
          ),
        ),
      ),
      shown.length < events.length
        ? el('p', { class: 'note' }, `The newest ${MOST_EVENTS} are shown.`)
        : undefined,
    ),
  ];
}
