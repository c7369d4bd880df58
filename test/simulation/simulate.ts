import { deepEqual, fail, ok } from 'node:assert/strict';
import { Delivery, resolveDelivery } from '../../src/delivery/index.js';
import { CredentialsHolder, OdpClient, OdpHttp } from '../../src/odp/index.js';
import type { OdpError } from '../../src/errors/index.js';
import { RateLimitedLogger, Reporter } from '../../src/reporting/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { Random } from './random.js';
import { type Kind, KINDS, SimulatedOdp, WEATHERS } from './simulated-odp.js';
import { TroubledOutbox } from './troubled-outbox.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** What a call may take beyond its own time, in ms: a timer that another one comes before. */
const SLACK = 50;
const MAX_DURATION = 2 * MINUTE * 60;
/** How many answers that name events are believed while nothing gets through. */
const MAX_VERDICTS = 12;

interface Fate {
  readonly kind: Kind;
  readonly appendedAt: number;
  accepted: boolean;
  delivered: number;
  rejected: number;
  expired: number;
  expiredAt: number;
  erased: boolean;
}

/** What one simulated run came to. */
export interface SimulationFigures {
  readonly accepted: number;
  readonly delivered: number;
  readonly rejected: number;
  readonly expired: number;
  readonly erased: number;
  /** Good events that were rejected as something answered in ODP's place. */
  readonly misled: number;
  readonly requests: number;
}

/**
 * One account's life in simulated time: a store in trouble, a line to ODP that
 * fails in every way, events that are themselves to blame, clocks that step,
 * flushes, pauses and an end. The seed decides all of it.
 *
 * @throws AssertionError when something was promised that did not hold
 */
export async function simulate(seed: number): Promise<SimulationFigures> {
  const random = new Random(seed);
  const clock = new ManualClock();
  const odp = new SimulatedOdp(clock, random);
  const outbox = new TroubledOutbox(clock, random);
  const silent = { log() {}, warn() {}, error() {} };
  const reporter = new Reporter(
    'default',
    clock,
    new RateLimitedLogger(silent, clock),
  );
  const maxEventAge = random.oneOf([2 * MINUTE, 10 * MINUTE, 24 * 60 * MINUTE]);
  const options = resolveDelivery(
    {
      batchSize: random.oneOf([1, 2, 10, 50]),
      flushInterval: random.oneOf([0, 100, 1000]),
      maxConcurrentRequests: random.between(1, 4),
      maxBatchBytes: random.oneOf([1, 300, '1mb']),
      maxRequestsPerSecond: random.oneOf([undefined, undefined, 20]),
      requestTimeout: random.oneOf([1 * SECOND, 10 * SECOND]),
      maxEventAge,
      shutdownTimeout: 5 * SECOND,
    },
    [],
  );
  const http = new OdpHttp(
    'default',
    new CredentialsHolder({ apiKey: 'key', apiHost: 'https://odp' }),
    odp,
    clock,
  );
  const delivery = new Delivery(
    {
      delivery: options,
      outbox,
      deadLetters: { maxAge: Infinity, maxCount: Infinity, maxBytes: Infinity },
    },
    new OdpClient(http, clock, options.requestTimeout),
    reporter,
    clock,
    () => random.next(),
  );
  const fates = new Map<string, Fate>();
  reporter.deliveryEvents.subscribe((item) => {
    if (!('id' in item) || item.id === undefined) return;
    const fate = fates.get(item.id);
    if (fate === undefined) return;
    if (item.type === 'delivered') fate.delivered++;
    if (item.type === 'rejected') fate.rejected++;
    if (item.type === 'expired') {
      fate.expired++;
      fate.expiredAt = clock.monotonic();
    }
  });

  const calls: Promise<void>[] = [];
  /** It must end within `most` ms. */
  const timed = (what: string, most: number, call: Promise<unknown>) => {
    const since = clock.monotonic();
    calls.push(
      call.then(
        () => {
          const took = clock.monotonic() - since;
          ok(took <= most + SLACK, `${what} took ${took} ms of ${most}`);
        },
        () => {},
      ),
    );
  };
  let count = 0;
  const send = (howMany: number, awaited: boolean) => {
    const events = Array.from({ length: howMany }, () => {
      const id = `event-${count++}`;
      const kind = random.chance(0.85) ? 'good' : random.oneOf(KINDS);
      fates.set(id, {
        kind,
        appendedAt: clock.monotonic(),
        accepted: false,
        delivered: 0,
        rejected: 0,
        expired: 0,
        expiredAt: 0,
        erased: false,
      });
      const payload = JSON.stringify({
        action: kind,
        identifiers: { n: id },
        data: { idempotence_id: id },
      });
      const receipt = awaited ? `receipt-${id}` : undefined;
      return { id, payload, createdAt: clock.now(), receipt };
    });
    const outcomes = events.map(({ id, payload, receipt }) => ({
      id,
      wait:
        receipt === undefined
          ? undefined
          : delivery.awaited.expect(receipt, payload),
    }));
    for (const { id, wait } of outcomes) {
      if (wait === undefined) continue;
      calls.push(
        wait.outcome.then(
          () => ok(odp.accepted.has(id), `${id}: told that ODP has it`),
          ({ code }: OdpError) =>
            ok(code !== 'erased' || fates.get(id)!.erased, `${id}: not erased`),
        ),
      );
    }
    const append = async () => {
      await delivery.append(events);
      for (const { id, wait } of outcomes) {
        wait?.accepted();
        fates.get(id)!.accepted = true;
      }
    };
    timed('append', 5 * SECOND, append());
  };

  const erase = () => {
    const [id, fate] = random.oneOf([...fates, ['none', undefined] as const]);
    if (fate !== undefined) fate.erased = true;
    timed('erase', 10 * SECOND, delivery.erase({ n: id }));
  };

  await delivery.open();
  const steps = random.between(5, 40);
  for (let step = 0; step < steps; step++) {
    switch (random.between(0, 10)) {
      case 0:
      case 1:
      case 2:
        send(random.between(1, 60), random.chance(0.2));
        break;
      case 3:
        odp.weather = random.oneOf(WEATHERS);
        break;
      case 4:
        odp.weather = 'fine';
        break;
      case 5:
        outbox.trouble = random.chance(0.5);
        break;
      case 6: {
        const timeout = random.between(0, 10 * SECOND);
        timed('flush', timeout, delivery.flush(timeout));
        break;
      }
      case 7:
        clock.step(random.oneOf([-3600, -0.05, 0.05, 3600, 108_000]) * SECOND);
        break;
      case 8:
        if (random.chance(0.5)) delivery.pause();
        else delivery.resume();
        break;
      case 9:
        erase();
        break;
      default:
    }
    await clock.advance(random.oneOf([0, 10, 500, 5 * SECOND, 40 * SECOND]));
  }

  odp.weather = 'fine';
  outbox.trouble = false;
  delivery.resume();
  const open = () =>
    [...fates].filter(
      ([, { kind, accepted, delivered, rejected, expired, erased }]) =>
        accepted &&
        kind === 'good' &&
        !erased &&
        delivered + rejected + expired === 0,
    );
  const end = clock.monotonic() + MAX_DURATION;
  while (open().length > 0 && clock.monotonic() < end) {
    await clock.advance(10 * SECOND);
  }
  deepEqual(
    open().map(([id]) => id),
    [],
    'good events that were neither delivered nor given up, although all is well',
  );
  const until = clock.monotonic() + 5 * SECOND;
  const closed = delivery.close({ claims: until, requests: until });
  timed('close', 6 * SECOND, closed);
  await clock.advance(MINUTE);
  await Promise.all(calls);
  deepEqual(delivery.inFlight, 0, 'events in flight after the end');

  for (const [id, fate] of fates) {
    const { kind, delivered, rejected, expired } = fate;
    const what = `${id}: ${JSON.stringify(fate)}`;
    if (delivered > 0) ok(odp.accepted.has(id), `${what}, and ODP has it not`);
    if (kind === 'good' && rejected > 0) {
      ok(odp.slandered.has(id), `${what}: no fault of its own`);
    }
    if (expired > 0) {
      const age = fate.expiredAt - fate.appendedAt;
      ok(age >= maxEventAge, `${what}: expired after ${age} ms`);
    }
    const ends = [delivered, rejected, expired].filter((n) => n > 0).length;
    ok(ends <= 1, `${what}: two ends`);
    if (!outbox.answersLost && rejected + expired > 1) fail(`${what}: twice`);
  }
  const all = [...fates.values()];
  const misled = all.filter(
    ({ kind, rejected }) => kind === 'good' && rejected > 0,
  ).length;
  ok(misled <= MAX_VERDICTS * odp.lies, `${misled} were taken for invalid`);
  return {
    accepted: all.filter(({ accepted }) => accepted).length,
    delivered: all.filter(({ delivered }) => delivered > 0).length,
    rejected: all.filter(({ rejected }) => rejected > 0).length,
    expired: all.filter(({ expired }) => expired > 0).length,
    erased: all.filter(({ erased }) => erased).length,
    misled,
    requests: odp.requests,
  };
}
