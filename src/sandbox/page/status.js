import { byId } from './dom.js';
import { number } from './format.js';

const LABELS = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Disconnected',
  paused: 'Paused',
};

/** What stands around the lists: connection, counts, and the tab's title. */
export function showStatus({ connection, isPaused, totals, shown }) {
  const state = connection === 'live' && isPaused ? 'paused' : connection;
  const chip = byId('connection');
  if (chip.dataset.state !== state) {
    chip.dataset.state = state;
    chip.textContent = LABELS[state];
  }
  const pause = byId('pause');
  pause.setAttribute('aria-pressed', `${isPaused}`);
  pause.textContent = isPaused ? 'Resume' : 'Pause';
  byId('count-events').textContent = number(totals.events);
  byId('count-requests').textContent = number(totals.requests);
  byId('total-duplicates').textContent = number(totals.duplicates);
  byId('total-refused').textContent = number(totals.refused);
  byId('shown').textContent = shown.filter(Boolean).join(', ');
  const name = `ODP sandbox :${location.port}`;
  document.title =
    state === 'lost' || state === 'paused'
      ? `${LABELS[state]} · ${name}`
      : `(${number(totals.events)}) ${name}`;
}
