import { offset } from './clock.js';
import { byId } from './dom.js';
import { eventCells } from './event-view.js';
import { walkEvent, walkRequest } from './filter.js';
import { List } from './list.js';
import { requestCells } from './request-view.js';
import { Store } from './store.js';

export const VIEWS = ['events', 'requests'];

/** What each view holds. */
export const stores = {
  events: new Store({ most: 10_000, keyOf: ({ seq }) => seq, walk: walkEvent }),
  requests: new Store({
    most: 2_000,
    keyOf: ({ id }) => id,
    walk: walkRequest,
  }),
};

/** The tables of both views; `onOpen` hears what is chosen in them. */
export function makeLists(onOpen) {
  const time = `Time ${offset(new Date())}`;
  return {
    events: new List(byId('events'), stores.events, {
      name: 'event',
      columns: [
        ['seq', '#'],
        ['at', time],
        ['what', 'Event'],
        ['who', 'Identifiers'],
        ['data', 'Data'],
        ['from', 'Request'],
      ],
      cells: eventCells,
      onOpen,
    }),
    requests: new List(byId('requests'), stores.requests, {
      name: 'request',
      columns: [
        ['seq', '#'],
        ['at', time],
        ['answer', 'Answer'],
        ['path', 'Request'],
        ['size', 'Events'],
        ['why', 'Refusal or fault'],
      ],
      cells: requestCells,
      onOpen,
    }),
  };
}
