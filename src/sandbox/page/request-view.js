import { el } from './dom.js';
import { fields, raw } from './event-view.js';
import { number, time, toneOf } from './format.js';

const OUTCOMES = { hung: 'no answer', reset: 'reset' };

/** What was answered, in its colour. */
export function statusChip(request) {
  const label = request.status ?? OUTCOMES[request.outcome];
  return el('span', { class: `chip ${toneOf(request)}` }, `${label}`);
}

/** The cells of a request's row. */
export function requestCells(request) {
  return [
    el('span', { class: 'dim num' }, `${request.id}`),
    el('span', { class: 'dim mono' }, time(request.receivedAt)),
    el('span', {}, statusChip(request)),
    el('span', { class: 'mono' }, `${request.method} ${request.path}`),
    el('span', {}, sizeOf(request)),
    el('span', { class: 'dim' }, request.faults.join(', ')),
  ];
}

/** All of one request. */
export function requestView(request) {
  return [
    request.faults.length === 0
      ? undefined
      : el('p', { class: 'note warn' }, `Fault: ${request.faults.join(', ')}`),
    fields('Request', [
      ['received', time(request.receivedAt)],
      ['path', `${request.method} ${request.path}`],
      ['events', sizeOf(request) || 'none'],
      ['answer', `${request.status ?? OUTCOMES[request.outcome]}`],
    ]),
    request.answer === ''
      ? undefined
      : raw('Answer', parsed(request.answer), true),
    request.body === undefined
      ? undefined
      : raw('Body', request.body, request.accepted < request.batchSize),
    raw('Headers', request.headers),
  ];
}

function sizeOf({ batchSize, accepted }) {
  if (batchSize === 0) return '';
  const events = batchSize === 1 ? '1 event' : `${number(batchSize)} events`;
  return accepted === batchSize ? events : `${events}, ${accepted} accepted`;
}

function parsed(answer) {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
