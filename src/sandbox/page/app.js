import {
  addressOf,
  NOTHING_SELECTED,
  readAddress,
  writeAddress,
} from './address.js';
import { now } from './clock.js';
import { Connection } from './connection.js';
import { Datafile } from './datafile.js';
import { Detail } from './detail.js';
import { byId, call } from './dom.js';
import { Empty } from './empty.js';
import { Faults } from './faults.js';
import { count, number } from './format.js';
import { openHelp, placeholderOf } from './help.js';
import { listenForKeys } from './keys.js';
import { Notices } from './notices.js';
import { showStatus } from './status.js';
import { makeLists, stores, VIEWS } from './views.js';

const NO_TOTALS = { events: 0, duplicates: 0, requests: 0, refused: 0 };

let state = readAddress();
let sandbox = { needsKey: false, newest: { event: 0 } };
let totals = NO_TOTALS;
let restartedAt;
let isPaused = false;
let isToReveal = true;
let isTyping = false;

const needsKey = () => sandbox.needsKey;
const notices = new Notices();
const faults = new Faults(notices);
const datafile = new Datafile();
const detail = new Detail(byId('detail'), {
  onTab: (tab) => go({ tab }),
  onClose: closeDetail,
  attempt: (what, action) => notices.attempt(what, action),
  needsKey,
});
const empty = new Empty(byId('empty'), {
  onShowRequests: () => go({ ...last.requests, filter: '' }),
  onClearFilter: () => go({ filter: '' }),
  onResume: () => setPaused(false),
  needsKey,
});
const lists = makeLists(open);
/** What each view was left with. */
const last = Object.fromEntries(
  VIEWS.map((view) => [
    view,
    { view, filter: '', tab: 'event', ...NOTHING_SELECTED },
  ]),
);

/** Changes what is shown, and the address with it. */
function go(change, { isStep = true } = {}) {
  apply({ ...state, ...change });
  writeAddress(state, { isStep });
}

function apply(next) {
  state = next;
  last[next.view] = next;
  for (const view of VIEWS) {
    const tab = byId(`tab-${view}`);
    if (view === next.view) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
    tab.href = addressOf(last[view]);
  }
  const filter = byId('filter');
  if (filter.value !== next.filter) filter.value = next.filter;
  filter.placeholder = placeholderOf(next.view);
  if (stores[next.view].filter(next.filter)) lists[next.view].toTop();
  lists[next.view].select(next.selected);
  showSelected();
  draw();
}

/** The pane follows the selection as soon as what it is about has come in. */
function showSelected() {
  const { view, selected, isOpen, tab } = state;
  if (!isOpen) detail.close();
  else if (view === 'requests') void detail.showRequest(selected);
  else {
    const received = stores.events.find(selected);
    if (received !== undefined) detail.showEvent(received, tab);
    else if (isCaughtUp()) detail.showGone(selected);
  }
}

/** Whether what the sandbox held when it was asked has come in. */
const isCaughtUp = () =>
  connection.state !== 'connecting' &&
  stores.events.newest >= sandbox.newest.event;

/** Opens an item; moving through the list follows where the pane is open. */
function open(selected, { isMove = false, focus = false } = {}) {
  isToReveal = false;
  if (isMove) return go({ selected }, { isStep: false });
  go({ selected, isOpen: true });
  if (focus) detail.host.focus();
}

function closeDetail() {
  const hadFocus = detail.host.contains(document.activeElement);
  go({ isOpen: false });
  if (hadFocus) lists[state.view].grid.focus();
}

function draw(added = {}) {
  for (const view of VIEWS) lists[view].update(added[view]);
  const without = emptyState();
  empty.show(without);
  for (const view of VIEWS) {
    byId(view).hidden = view !== state.view || without !== undefined;
  }
  const { items, visible, waiting } = stores[state.view];
  showStatus({
    connection: connection.state,
    isPaused,
    totals,
    shown: [
      visible.length === items.length
        ? ''
        : `${number(visible.length)} of ${number(items.length)}`,
      waiting.length === 0 ? '' : `${number(waiting.length)} waiting`,
    ],
  });
  if (!isToReveal) return;
  isToReveal = !lists[state.view].revealSelected();
}

/** Why the list has no rows; `undefined`: it has. */
function emptyState() {
  const { view } = state;
  const { items, visible, waiting } = stores[view];
  if (visible.length > 0) return undefined;
  if (items.length > 0) {
    const counts = stores[view].counts();
    return { name: 'noMatch', view, total: items.length, counts };
  }
  if (waiting.length > 0) return { name: 'paused', waiting: waiting.length };
  if (connection.state === 'lost') return { name: 'lost' };
  if (!isCaughtUp()) return { name: 'connecting' };
  if (totals.requests === 0) return { name: 'nothing', restartedAt };
  return view === 'events'
    ? { name: 'refusedAll', requests: totals.requests }
    : { name: 'noRequests' };
}

function setPaused(paused) {
  isPaused = paused;
  if (paused) draw();
  else take({ events: [], requests: [], totals });
}

function take(batch) {
  totals = batch.totals;
  const added = {};
  for (const view of VIEWS) {
    added[view] = stores[view].add(batch[view], isPaused);
  }
  draw(added);
  showSelected();
  if (!isPaused) detail.refresh();
}

/** Forgets what is listed, and what was selected of it. */
function forget() {
  for (const view of VIEWS) {
    stores[view].clear();
    Object.assign(last[view], NOTHING_SELECTED);
  }
  totals = NO_TOTALS;
  go(NOTHING_SELECTED, { isStep: false });
}

function onHello(hello) {
  const known = sandbox.run ?? sessionStorage.getItem('run') ?? hello.run;
  const isSame = hello.run === sandbox.run && hello.clears === sandbox.clears;
  const isFirst = sandbox.run === undefined;
  sandbox = hello;
  sessionStorage.setItem('run', hello.run);
  const key = hello.needsKey ? 'a key is needed' : 'any key';
  byId('facts').textContent =
    `${location.host} · ${key} · on invalid: ${hello.onInvalid}`;
  notices.close('lost');
  if (known !== hello.run) {
    restartedAt = now();
    const isGone = hello.newest.request === 0;
    notices.show('restarted', {
      content: `The sandbox was restarted; noticed at ${restartedAt}. ${
        isGone
          ? 'What it had seen before is gone; --keep <file> would keep it.'
          : 'What is listed is what it has now.'
      }`,
    });
  }
  if (known !== hello.run || !(isSame || isFirst)) forget();
  offerUndo(hello.restorable);
  draw();
  showSelected();
}

function onConnection(current) {
  if (current === 'lost') {
    notices.show('lost', {
      tone: 'bad',
      canDismiss: false,
      content: `Disconnected at ${now()}: nothing answers at ${location.host}. What is listed is from before. Start the sandbox again; this page connects by itself.`,
      actions: [{ label: 'Try now', run: () => connection.open() }],
    });
  }
  draw();
}

const connection = new Connection(
  {
    hello: onHello,
    cleared: onCleared,
    faults: (active) => faults.show(active),
    segments: (defined) => detail.setSegments(defined),
    integration: (account) => {
      sandbox = { ...sandbox, needsKey: account.apiKey !== null };
      datafile.show(account);
    },
    batch: take,
  },
  onConnection,
);

/** Everything went or came back; what went can be brought back. */
function onCleared({ restorable }) {
  forget();
  restartedAt = undefined;
  notices.close('restarted');
  offerUndo(restorable);
}

function offerUndo({ events, requests }) {
  if (events + requests === 0) return notices.close('cleared');
  const restore = () =>
    notices.attempt('undo it', () => call('POST', 'restore', {}));
  notices.show('cleared', {
    content: `Cleared ${count(events, 'event')} and ${count(requests, 'request')}.`,
    actions: [{ label: 'Undo', run: () => void restore() }],
  });
}

const showHelp = () => openHelp(state.view, (filter) => go({ filter }));

byId('filter').addEventListener('input', ({ target }) => {
  go({ filter: target.value }, { isStep: !isTyping });
  isTyping = true;
});
byId('filter').addEventListener('blur', () => (isTyping = false));
byId('open-help').addEventListener('click', showHelp);
byId('pause').addEventListener('click', () => setPaused(!isPaused));
byId('clear').addEventListener(
  'click',
  () => void notices.attempt('clear', () => call('POST', 'clear', {})),
);
addEventListener('popstate', () => {
  isToReveal = true;
  isTyping = false;
  apply(readAddress());
});
document.addEventListener('click', ({ target }) => {
  // A dialog's own box is its content: a click on it is one beside it.
  if (target.matches('dialog') || target.closest('[data-close]')) {
    target.closest('dialog').close();
  }
});
listenForKeys({
  list: () => lists[state.view],
  isDetailOpen: () => detail.isOpen,
  closeDetail,
  keys: {
    '/': () => byId('filter').focus(),
    '?': showHelp,
    p: () => setPaused(!isPaused),
    f: () => faults.open(),
    c: () => go({ tab: state.tab === 'event' ? 'customer' : 'event' }),
  },
});

connection.open();
apply(state);
