import { AwaitedEvents } from '../../src/delivery/awaited-events.js';
import { Backoff } from '../../src/delivery/backoff.js';
import { BatchDelivery } from '../../src/delivery/batch-delivery.js';
import { BatchLimit } from '../../src/delivery/batch-limit.js';
import { BatchTrigger } from '../../src/delivery/batch-trigger.js';
import { CircuitBreaker } from '../../src/delivery/circuit-breaker.js';
import {
  type ResolvedDelivery,
  resolveDelivery,
} from '../../src/delivery/delivery-options.js';
import { Evidence } from '../../src/delivery/evidence.js';
import { Flushes } from '../../src/delivery/flushes.js';
import { OutboxAccess } from '../../src/delivery/outbox-access.js';
import { OutcomeRecorder } from '../../src/delivery/outcome-recorder.js';
import { RequestRate } from '../../src/delivery/request-rate.js';
import { EventRequests } from '../../src/delivery/event-requests.js';
import { RunState } from '../../src/delivery/run-state.js';
import { WakeTimer } from '../../src/delivery/wake-timer.js';
import { CredentialsHolder, OdpClient, OdpHttp } from '../../src/odp/index.js';
import { memoryOutbox } from '../../src/outbox/index.js';
import { ManualClock, RecordingOdpTransport } from '../../src/testing/index.js';
import { quietContext } from './outboxes.js';
import { quietReporter } from './quiet-reporter.js';

/** An event; its id and customer are the same. */
export const eventOf = (id: string, receipt?: string) => ({
  id,
  payload: JSON.stringify({ identifiers: { email: `${id}@example.com` } }),
  createdAt: 0,
  receipt,
});

/** What the parts of an account's delivery stand on: an open memory outbox, a manual clock. */
export async function deliveryParts(given: Partial<ResolvedDelivery> = {}) {
  const options = { ...resolveDelivery({}, []), ...given };
  const clock = new ManualClock();
  const reporter = quietReporter(clock);
  const ended = new AbortController();
  const outbox = memoryOutbox();
  const wakeTimer = new WakeTimer(clock);
  const trigger = new BatchTrigger(options, wakeTimer);
  const access = new OutboxAccess(
    outbox,
    trigger,
    clock,
    reporter,
    ended.signal,
  );
  await access.open(quietContext({ now: () => clock.monotonic() }));
  return {
    options,
    clock,
    reporter,
    ended,
    outbox,
    wakeTimer,
    trigger,
    access,
    awaited: new AwaitedEvents(),
  };
}

/** The same, and what sends through a recorded line to ODP. Nothing waits at random. */
export async function sendingParts(given: Partial<ResolvedDelivery> = {}) {
  const parts = await deliveryParts(given);
  const { access, awaited, clock, ended, options, reporter, trigger } = parts;
  const transport = new RecordingOdpTransport();
  const client = recordedClient(transport, clock, options.requestTimeout);
  const flushes = new Flushes(access, trigger, clock);
  const run = new RunState(awaited, flushes, ended.signal);
  const backoff = new Backoff({ ...options.retry, jitter: false }, () => 0);
  const breaker = new CircuitBreaker(backoff, clock, reporter);
  const rate = new RequestRate(clock, options.maxRequestsPerSecond);
  const limit = new BatchLimit(options.maxBatchBytes);
  const requests = new EventRequests(client, rate, limit, run, reporter);
  const evidence = new Evidence();
  const { maxEventAge } = options;
  const recorder = new OutcomeRecorder(access, awaited, reporter, maxEventAge);
  const batches = new BatchDelivery(
    requests,
    recorder,
    breaker,
    evidence,
    reporter,
  );
  return {
    ...parts,
    transport,
    client,
    flushes,
    run,
    breaker,
    rate,
    limit,
    requests,
    evidence,
    recorder,
    batches,
  };
}

/** A client whose requests a test records and answers. */
export const recordedClient = (
  transport: RecordingOdpTransport,
  clock: ManualClock,
  requestTimeout = 10_000,
  credentials = new CredentialsHolder({
    apiKey: 'key',
    apiHost: 'https://odp',
  }),
) =>
  new OdpClient(
    new OdpHttp('default', credentials, transport, clock),
    clock,
    requestTimeout,
  );

/** The ids of the events of each request, in the order in which they were made. */
export const sentBy = ({ requests }: RecordingOdpTransport) =>
  requests.map(({ events }) =>
    events.map(({ identifiers }) => identifiers.email?.split('@')[0]),
  );
