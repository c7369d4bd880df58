import { Detail } from './detail.js';
import { byId, call } from './dom.js';
import { eventCells } from './event-view.js';
import { Faults } from './faults.js';
import { haystackOf, number, requestHaystackOf } from './format.js';
import { List } from './list.js';
import { requestCells } from './request-view.js';
import { Store } from './store.js';

const MOST_EVENTS = 10_000;
const MOST_REQUESTS = 2_000;

let view = 'events';
let isPaused = false;

const faults = new Faults();
const detail = new Detail(byId('detail'), {
  onEvent: (seq) => openEvent(seq),
  onRequest: (id) => openRequest(id),
  onClose: () => closeDetail(),
});
const stores = {
  events: new Store(MOST_EVENTS, ({ seq }) => seq, haystackOf),
  requests: new Store(MOST_REQUESTS, ({ id }) => id, requestHaystackOf),
};
const lists = {
  events: new List(byId('events'), stores.events, {
    name: 'event',
    columns: ['#', 'Time', 'Event', 'Identifiers', 'Data', 'Request'],
    cells: eventCells,
    onOpen: (seq, how) =>
      open(() => detail.showEvent(stores.events.find(seq)), how),
  }),
  requests: new List(byId('requests'), stores.requests, {
    name: 'request',
    columns: ['#', 'Time', 'Answer', 'Request', 'Events', 'Faults'],
    cells: requestCells,
    onOpen: (id, how) => open(() => detail.showRequest(id), how),
  }),
};

/** Moving through the list follows in the pane where it is open already. */
function open(show, { isMove = false, focus = false } = {}) {
  if (isMove && !detail.isOpen) return;
  show();
  if (focus) detail.host.focus();
}

function openEvent(seq) {
  if (stores.events.find(seq) === undefined) return;
  showView('events');
  detail.tab = 'event';
  lists.events.open(seq);
}

function openRequest(id) {
  showView('requests');
  lists.requests.open(id);
}

function closeDetail() {
  const hadFocus = detail.host.contains(document.activeElement);
  detail.close();
  if (hadFocus) lists[view].grid.focus();
}

function showView(name) {
  view = name;
  for (const one of ['events', 'requests']) {
    byId(one).hidden = one !== name;
    byId(`tab-${one}`).setAttribute('aria-pressed', `${one === name}`);
  }
  draw();
}

function draw(added = {}) {
  for (const [name, list] of Object.entries(lists)) list.update(added[name]);
  const { items, visible, waiting } = stores[view];
  const isEmpty =
    stores.events.items.length === 0 && stores.requests.items.length === 0;
  byId('welcome').hidden = !isEmpty;
  byId(view).hidden = isEmpty;
  byId('shown').textContent = [
    visible.length === items.length
      ? ''
      : `${number(visible.length)} of ${number(items.length)}`,
    waiting.length === 0 ? '' : `${number(waiting.length)} waiting`,
  ]
    .filter(Boolean)
    .join(', ');
}

function setPaused(paused) {
  isPaused = paused;
  const button = byId('pause');
  button.setAttribute('aria-pressed', `${paused}`);
  button.textContent = paused ? 'Resume' : 'Pause';
  showConnection();
  if (!paused) take({ events: [], requests: [] });
}

function take({ events, requests }) {
  draw({
    events: stores.events.add(events, isPaused),
    requests: stores.requests.add(requests, isPaused),
  });
  if (!isPaused) detail.refresh();
}

function showTotals({ events, duplicates, requests, refused }) {
  byId('count-events').textContent = number(events);
  byId('count-requests').textContent = number(requests);
  byId('total-duplicates').textContent = number(duplicates);
  byId('total-refused').textContent = number(refused);
}

function empty() {
  for (const store of Object.values(stores)) store.clear();
  showTotals({ events: 0, duplicates: 0, requests: 0, refused: 0 });
  draw();
}

let connection = 'waiting';
function showConnection(state = connection) {
  connection = state;
  const chip = byId('connection');
  chip.dataset.state = state === 'live' && isPaused ? 'paused' : state;
  chip.textContent = {
    waiting: 'Connecting',
    live: 'Live',
    lost: 'Disconnected',
    paused: 'Paused',
  }[chip.dataset.state];
}

function listen() {
  const stream = new EventSource('/_sandbox/stream');
  const on = (name, handle) =>
    stream.addEventListener(name, ({ data }) => handle(JSON.parse(data)));
  on('hello', ({ onInvalid, needsKey }) => {
    // After a break everything that is kept comes again.
    empty();
    showConnection('live');
    const key = needsKey ? 'a key is needed' : 'any key';
    byId('facts').textContent =
      `${location.host} · ${key} · on invalid: ${onInvalid}`;
  });
  on('cleared', () => {
    empty();
    closeDetail();
  });
  on('faults', (active) => faults.show(active));
  on('batch', (batch) => {
    showTotals(batch.totals);
    take(batch);
  });
  stream.addEventListener('error', () => showConnection('lost'));
}

const keys = {
  '/': () => byId('filter').focus(),
  p: () => setPaused(!isPaused),
  f: () => faults.open(),
  c: () => detail.showTab(detail.tab === 'event' ? 'customer' : 'event'),
};

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (byId('faults').open) return;
  if (key === 'Escape') {
    if (target === byId('filter')) lists[view].grid.focus();
    else if (detail.isOpen) closeDetail();
    return;
  }
  const isTyping = target.matches('input, select, textarea');
  if (isTyping || keys[key.toLowerCase()] === undefined) return;
  event.preventDefault();
  keys[key.toLowerCase()]();
});

byId('filter').addEventListener('input', ({ target }) => {
  for (const store of Object.values(stores)) store.filter(target.value);
  for (const list of Object.values(lists)) list.grid.scrollTop = 0;
  draw();
});
byId('filter').addEventListener('keydown', (event) => {
  if (event.key !== 'ArrowDown') return;
  event.preventDefault();
  lists[view].grid.focus();
  lists[view].move(1);
});
byId('pause').addEventListener('click', () => setPaused(!isPaused));
byId('clear').addEventListener('click', () => void call('POST', 'clear'));
byId('tab-events').addEventListener('click', () => showView('events'));
byId('tab-requests').addEventListener('click', () => showView('requests'));
byId('snippet-app').textContent = `apiHost: '${location.origin}'`;
byId('snippet-curl').textContent =
  `curl ${location.origin}/v3/events -H 'content-type: application/json' -d '{
  "type": "order", "action": "purchase",
  "identifiers": { "email": "ada@example.com" },
  "data": { "order_id": "42" }
}'`;

listen();
