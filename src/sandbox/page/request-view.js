import { fullTime, shortTime } from './clock.js';
import { el } from './dom.js';
import { fields, raw } from './event-view.js';
import { count, number } from './format.js';

const OUTCOMES = { hung: 'no answer', reset: 'reset' };

/** Where an answer belongs, for its colour. */
function toneOf({ status, outcome }) {
  if (outcome !== 'answered') return 'bad';
  if (status < 300) return 'good';
  return status < 500 ? 'warn' : 'bad';
}

const isRefused = ({ status }) => status === undefined || status >= 300;

/** What was answered, in its colour. */
export function statusChip(request) {
  const label = request.status ?? OUTCOMES[request.outcome];
  return el('span', { class: `chip ${toneOf(request)}` }, `${label}`);
}

/** The cells of a request's row. */
export function requestCells(request) {
  const why = request.refusal ?? request.faults.join(', ');
  return [
    el('span', {}, `${request.id}`),
    el('span', {}, shortTime(request.receivedAt)),
    el('span', {}, statusChip(request)),
    el('span', {}, `${request.method} ${request.path}`),
    el('span', {}, shortSizeOf(request)),
    el('span', { title: why }, why),
  ];
}

/** All of one request. */
export function requestView(request) {
  const { faults } = request;
  return [
    isRefused(request)
      ? el(
          'div',
          { class: `note ${toneOf(request)}` },
          el('b', {}, titleOf(request)),
          invalidsOf(request) ?? el('p', {}, reasonOf(request)),
        )
      : undefined,
    faults.length === 0
      ? undefined
      : el('p', { class: 'note' }, `Struck by a fault: ${faults.join(', ')}.`),
    fields('Request', [
      ['received', fullTime(request.receivedAt)],
      ['path', `${request.method} ${request.path}`],
      ['events', el('span', {}, sizeOf(request) || 'none')],
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

function titleOf({ status, outcome, answer }) {
  if (outcome === 'hung') return 'No answer';
  if (outcome === 'reset') return 'The connection was reset';
  const { title } = Object(parsed(answer));
  return typeof title === 'string'
    ? `${status} ${title}`
    : `Refused: ${status}`;
}

/** Why it was refused, in the sandbox's words and what they mean. */
function reasonOf(request) {
  const { outcome, status, refusal, faults, accepted } = request;
  if (outcome === 'hung') return 'Nothing was accepted, and nothing answers.';
  if (outcome === 'reset') {
    return accepted === 0
      ? 'Nothing was accepted, and the sender got no answer.'
      : 'Its events were accepted, but the sender got no answer.';
  }
  const isOfFault = faults.some((fault) => fault.startsWith(`${status}`));
  if (isOfFault)
    return 'A fault answered in ODP’s place; nothing was accepted.';
  if (status === 403) {
    return request.headers['x-api-key'] === undefined
      ? 'It came without an x-api-key, and this sandbox was started with one.'
      : 'Its x-api-key is not the one that this sandbox was started with.';
  }
  return refusal ?? 'Nothing was accepted.';
}

/** The events that were called invalid, with what is wrong with each. */
function invalidsOf({ answer, body, batchSize, accepted }) {
  const invalids = parsed(answer)?.detail?.invalids;
  if (!Array.isArray(invalids)) return undefined;
  const events = Array.isArray(body) ? body : [body];
  const others = batchSize - invalids.length;
  return [
    el(
      'ul',
      { class: 'invalids' },
      invalids.map(({ event, message }) =>
        el(
          'li',
          {},
          `Event ${event + 1} of ${number(batchSize)}${labelOf(events[event])}: ${message}`,
        ),
      ),
    ),
    others === 0
      ? undefined
      : el(
          'p',
          {},
          accepted === 0
            ? `${othersWere(others)} refused with it: --on-invalid refuse-batch.`
            : `${othersWere(others)} accepted: --on-invalid keep-valid.`,
        ),
  ];
}

const othersWere = (others) =>
  others === 1
    ? 'The other event was'
    : `The ${number(others)} other events were`;

function labelOf(event) {
  const { type, action } = Object(event);
  const label = [type, action].filter((part) => typeof part === 'string');
  return label.length === 0 ? '' : ` (${label.join(' ')})`;
}

function shortSizeOf({ batchSize, accepted }) {
  if (batchSize === 0) return '';
  if (accepted === batchSize) return count(batchSize, 'event');
  return `${number(accepted)} of ${count(batchSize, 'event')}`;
}

function sizeOf({ batchSize, accepted }) {
  if (batchSize === 0) return '';
  const events = count(batchSize, 'event');
  return accepted === batchSize ? events : `${events}, ${accepted} accepted`;
}

function parsed(answer) {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
