import {
  memoryOutbox,
  OdpOutbox,
  OdpOutboxError,
  type OutboxCheckpoint,
  type OutboxDurability,
} from 'nestjs-optimizely-odp';
import { expect, test, vi } from 'vitest';
import { numbered, type OdpTestApp, startOdpApp } from '../support/odp-app.js';

type Method =
  | 'append'
  | 'claim'
  | 'acknowledge'
  | 'release'
  | 'deadLetter'
  | 'counts'
  | 'checkpoint'
  | 'close';
const METHODS: readonly Method[] = [
  'append',
  'claim',
  'acknowledge',
  'release',
  'deadLetter',
  'counts',
  'checkpoint',
  'close',
];

/** An outbox on a server that can fall silent: what it is asked is never answered. */
function silenceable() {
  const outbox: OdpOutbox = memoryOutbox();
  Object.assign(outbox, { durability: 'server' satisfies OutboxDurability });
  const silence = (method: Method) =>
    vi
      .spyOn(outbox, method)
      .mockImplementation(() => new Promise<never>(() => {}));
  return { outbox, silence };
}

/** How long something takes, on the clock of the test. */
async function timeOf(
  { clock }: OdpTestApp,
  work: Promise<unknown>,
): Promise<number> {
  const start = clock.monotonic();
  let done = false;
  const ended = work.finally(() => (done = true));
  await expect
    .poll(
      async () => {
        if (!done) await clock.advance(50);
        return done;
      },
      { interval: 1 },
    )
    .toBe(true);
  await ended;
  return clock.monotonic() - start;
}

test.each(METHODS)(
  'flush and close keep their time although %s never answers',
  async (method) => {
    const { outbox, silence } = silenceable();
    const app = await startOdpApp({
      outbox,
      delivery: { shutdownTimeout: '1s', requestTimeout: 500 },
    });
    const { odp, sandbox, close, log } = app;
    // Something to acknowledge, to release and to dead-letter.
    sandbox.fail({
      invalid: { action: 'tested' },
      match: (event) => event.identifiers.n === '1',
      times: 1,
    });
    sandbox.fail({ status: 500, times: 1 });
    await odp.sendOdpEvents([1, 2, 3].map(numbered));
    silence(method);
    odp.trackOdpEvent(numbered(4));
    expect(await timeOf(app, odp.flush({ timeout: 500 }))).toBeLessThanOrEqual(
      600,
    );
    expect(await timeOf(app, close())).toBeLessThanOrEqual(2100);
    // Only what could be counted is said to have been delivered.
    const { delivered } = odp.stats();
    const all = log.some(({ message }) => message.startsWith('Everything'));
    if (all)
      expect(delivered).toBe(odp.stats().accepted - odp.stats().rejected);
  },
);

test('what cannot be counted is called unknown', async () => {
  const { outbox, silence } = silenceable();
  const app = await startOdpApp({ outbox });
  silence('counts');
  await timeOf(app, app.close());
  expect(app.log.at(-1)).toMatchObject({
    level: 'warn',
    message: expect.stringMatching(/unknown.*left=unknown/) as string,
  });
});

test('all who wait for a silent outbox are told after five seconds, whenever they came', async () => {
  const { outbox, silence } = silenceable();
  const app = await startOdpApp({ outbox });
  const { odp, clock } = app;
  const { mockRestore } = silence('append');
  const told: number[] = [];
  const send = async () => {
    const since = clock.monotonic();
    await expect(odp.sendOdpEvent(numbered(1))).rejects.toBeInstanceOf(
      OdpOutboxError,
    );
    told.push(clock.monotonic() - since);
  };
  const sent = [send(), send()];
  await clock.advance(2000);
  sent.push(send());
  await clock.advance(2999);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([5000, 5000]);
  await clock.advance(2000);
  await Promise.all(sent);
  expect(told).toEqual([5000, 5000, 5000]);
  mockRestore();
  await odp.sendOdpEvent(numbered(2));
});

test('what an outbox says too late, twice or wrongly ends nothing', async () => {
  const { outbox } = silenceable();
  const { odp, clock, until, arrived } = await startOdpApp({ outbox });
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const claim = outbox.claim.bind(outbox);
  let answer = (_events: undefined) => {};
  vi.spyOn(outbox, 'claim')
    .mockImplementationOnce(
      () =>
        new Promise((resolve) => (answer = resolve as typeof answer)) as never,
    )
    .mockImplementationOnce((request) => {
      const events = claim(request);
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- as a careless outbox might return
        then: (told: (answer: unknown) => void) => {
          told(events);
          told(events);
        },
      } as never;
    });
  const checkpoint = outbox.checkpoint.bind(outbox);
  vi.spyOn(outbox, 'checkpoint').mockImplementation(() => ({
    ...(checkpoint() as OutboxCheckpoint),
    close: () => {
      throw new Error('close failed');
    },
  }));
  await odp.sendOdpEvent(numbered(1));
  await clock.advance(6000);
  answer(undefined);
  await clock.advance(2000);
  await until('delivered');
  await odp.flush();
  expect(arrived()).toEqual(['1']);
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test('an operator is told after five seconds as well, and a busy store has a minute', async () => {
  const { outbox, silence } = silenceable();
  const app = await startOdpApp({ outbox });
  const { odp } = app;
  let done = () => {};
  const purge = vi
    .spyOn(outbox, 'purge')
    .mockImplementationOnce(
      () => new Promise((resolve) => (done = () => resolve(7))),
    );
  const busy = odp.deadLetters.purge({ all: true });
  await app.clock.advance(30_000);
  done();
  expect(await busy).toBe(7);
  purge.mockRestore();
  silence('counts');
  vi.spyOn(outbox, 'erase').mockImplementation(() => new Promise(() => {}));
  const erased = expect(
    odp.outbox.erase({ email: 'ada@example.com' }),
  ).rejects.toBeInstanceOf(OdpOutboxError);
  expect(await timeOf(app, erased)).toBeLessThanOrEqual(5050);
});

test('what a claim brings after its time is given back, and goes with the next', async () => {
  const { outbox } = silenceable();
  const app = await startOdpApp({ outbox });
  const { odp, clock, until, arrived } = app;
  let answer = () => {};
  const claim = outbox.claim.bind(outbox);
  vi.spyOn(outbox, 'claim').mockImplementationOnce(async (request) => {
    const events = await claim(request);
    await new Promise<void>((resolve) => (answer = resolve));
    return events;
  });
  await odp.sendOdpEvent(numbered(1));
  await clock.advance(6000);
  expect(odp.stats()).toMatchObject({ pending: 1, inFlight: 0 });
  answer();
  await clock.advance(1000);
  await until('delivered');
  expect(arrived()).toEqual(['1']);
});

test('a boot waits five seconds at most for an outbox that does not open', async () => {
  const { outbox } = silenceable();
  const open = outbox.open.bind(outbox);
  let answer = () => {};
  vi.spyOn(outbox, 'open').mockImplementationOnce(async (context) => {
    await new Promise<void>((resolve) => (answer = resolve));
    await open(context);
  });
  const app = await startOdpApp({ outbox }, (clock) => {
    void clock.advance(1000);
  });
  const { odp, clock, until } = app;
  await expect(odp.sendOdpEvent(numbered(1))).rejects.toBeInstanceOf(
    OdpOutboxError,
  );
  answer();
  await expect.poll(() => odp.sendOdpEvent(numbered(2))).toBeDefined();
  await clock.advance(1000);
  await until('delivered');
});
