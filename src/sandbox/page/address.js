// What the page shows stands in its address, so that a reload, a link and the
// Back button lead to the same view, filter and selection.

export const NOTHING_SELECTED = { selected: undefined, isOpen: false };

const KINDS = { events: 'event', requests: 'request' };

/** What the address says; anything unreadable falls back to the default. */
export function readAddress() {
  const query = new URLSearchParams(location.hash.slice(1));
  const view = query.get('view') === 'requests' ? 'requests' : 'events';
  const opened = numberIn(query.get(KINDS[view]));
  return {
    view,
    filter: query.get('filter') ?? '',
    selected: opened ?? numberIn(query.get('at')),
    isOpen: opened !== undefined,
    tab: query.get('show') === 'customer' ? 'customer' : 'event',
  };
}

/** The address of a state. */
export function addressOf({ view, filter, selected, isOpen, tab }) {
  const query = new URLSearchParams();
  if (view !== 'events') query.set('view', view);
  if (filter !== '') query.set('filter', filter);
  if (selected !== undefined) query.set(isOpen ? KINDS[view] : 'at', selected);
  if (isOpen && view === 'events' && tab !== 'event') query.set('show', tab);
  return `#${query}`;
}

/** The address of one event or request, with nothing filtered away. */
export const addressOfEvent = (seq) =>
  addressOf({ view: 'events', filter: '', selected: seq, isOpen: true });

export const addressOfRequest = (id) =>
  addressOf({ view: 'requests', filter: '', selected: id, isOpen: true });

/** Puts the state into the address, as a step that Back undoes or in place. */
export function writeAddress(state, { isStep }) {
  const address = addressOf(state);
  if (address === (location.hash || '#')) return;
  if (isStep) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
}

function numberIn(text) {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined;
}
