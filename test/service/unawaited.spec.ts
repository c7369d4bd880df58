import {
  memoryOutbox,
  OdpService,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import { beforeEach, afterEach, describe, expect, test, vi } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';
import { soon } from '../support/soon.js';

// Vitest fails a run with an unhandled rejection; these say it of themselves.
const unhandled = vi.fn();
beforeEach(() => void process.on('unhandledRejection', unhandled));
afterEach(() => {
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
  unhandled.mockReset();
});

const email = 'ada@example.com';
const invalid = { action: ' ', identifiers: { email } };

/** What is asked of ODP, and does not go through the outbox. */
const calls: [string, (odp: OdpService, signal?: AbortSignal) => unknown][] = [
  ['customers.get', (odp, signal) => odp.customers.get({ email }, { signal })],
  [
    'customers.update',
    (odp, signal) =>
      odp.customers.update({ identifiers: { email } }, { signal }),
  ],
  ['api.request', (odp, signal) => odp.api.request({ path: '/lists', signal })],
  [
    'fetchQualifiedSegments',
    (odp, signal) =>
      odp.fetchQualifiedSegments({ email }, { segments: ['vip'], signal }),
  ],
];

test.each([
  ['sendOdpEvent', (odp: OdpService) => void odp.sendOdpEvent(invalid)],
  ['sendOdpEvents', (odp: OdpService) => void odp.sendOdpEvents([invalid])],
  [
    'identify',
    (odp: OdpService) =>
      void odp.identify({ email, vuid: 1 as unknown as string }),
  ],
])('%s: a refusal that nobody awaits is logged', async (_name, send) => {
  const { odp, log } = await startOdpApp();
  send(odp);
  const said = () => log.filter(({ message }) => message.includes('awaited'));
  await soon(() => expect(said()).toHaveLength(1));
  const [{ level, message }] = said() as [{ level: string; message: string }];
  expect(level).toBe('warn');
  expect(message).toContain('trackOdpEvent');
  expect(message).not.toContain(email);
  for (let n = 0; n < 50; n++) send(odp);
  await nextTurns();
  expect(said()).toHaveLength(1);
});

describe.each(calls)('%s', (_name, call) => {
  test('a failure that nobody awaits is logged, with advice that fits', async () => {
    const { odp, sandbox, log } = await startOdpApp();
    const body = JSON.stringify({ message: `no ${email}` });
    sandbox.fail({ status: 403, body });
    void call(odp);
    const said = () => log.filter(({ message }) => message.includes('awaited'));
    await soon(() => expect(said()).toHaveLength(1));
    const [{ level, message }] = said() as [{ level: string; message: string }];
    expect(level).toBe('warn');
    expect(message).toMatch(/status 403.*reading needs the private key/);
    expect(message).toContain('or catch what it rejects with');
    expect(message).not.toContain(email);
  });

  test('so is one that its own signal has ended', async () => {
    const { odp, log } = await startOdpApp();
    void call(odp, AbortSignal.abort(new RangeError(`no ${email}`)));
    await soon(() => expect(log.at(-1)?.message).toContain('awaited'));
    expect(log.at(-1)?.message).toMatch(/^RangeError ended a call\. Nobody/);
    expect(log.at(-1)?.message).not.toContain(email);
  });
});

test('one that is awaited, in any way, is its caller’s, and not logged', async () => {
  const { odp, log } = await startOdpApp();
  const code = { code: 'invalidEvent' };
  await expect(odp.sendOdpEvent(invalid)).rejects.toMatchObject(code);
  await odp.sendOdpEvent(invalid).catch(() => {});
  await odp.sendOdpEvent(invalid).then(undefined, () => {});
  await Promise.allSettled([odp.sendOdpEvent(invalid)]);
  try {
    await odp.sendOdpEvents([invalid]);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject(code);
  }
  const passedOn = async () => odp.sendOdpEvent(invalid);
  await expect(passedOn()).rejects.toMatchObject(code);
  await nextTurns();
  expect(log.filter(({ message }) => message.includes('awaited'))).toEqual([]);
});

test('one that is asked for late is logged, and still says why', async () => {
  const { odp, log } = await startOdpApp();
  const sent = odp.sendOdpEvent(invalid);
  await nextTurns();
  expect(log.at(-1)?.message).toContain('awaited');
  await expect(sent).rejects.toMatchObject({ code: 'invalidEvent' });
});

test.each<Partial<OptimizelyOdpModuleOptions>>([
  { apiKey: undefined },
  { enabled: false },
])(
  'where every event is discarded, one warning says so: %o',
  async (options) => {
    const { odp, log } = await startOdpApp(options);
    void odp.sendOdpEvent({ action: 'a', identifiers: { email } });
    await nextTurns();
    const said = log.filter(({ message }) => message.includes('discarded:'));
    expect(said).toHaveLength(1);
  },
);

test('an outbox that is full, and a delivery that is given up, too', async () => {
  const { odp, sandbox, log, until } = await startOdpApp({
    outbox: memoryOutbox({ capacity: 1, whenFull: 'reject' }),
  });
  sandbox.fail({ status: 400 });
  const event = { action: 'a', identifiers: { email } };
  void odp.sendOdpEvent(event, { awaitDelivery: true });
  void odp.sendOdpEvent(event);
  await nextTurns();
  expect(log.map(({ message }) => message).join('\n')).toContain(
    'reason=outboxFull',
  );
  await until('accepted');
});

test.each<[string, (odp: OdpService) => unknown]>([
  ['sendOdpEvent', (odp) => odp.sendOdpEvent({ ...invalid, action: 'a' })],
  ['trackOdpEvent', (odp) => odp.trackOdpEvent({ ...invalid, action: 'a' })],
  ...calls,
])(
  '%s in work that outlives the app is refused, and one line says so',
  async (_name, call) => {
    const { odp, log, close } = await startOdpApp();
    await close();
    const before = log.length;
    void call(odp);
    await nextTurns();
    expect(log.slice(before)).toMatchObject([
      {
        level: 'warn',
        message: expect.stringMatching(
          /this app is shutting down and its last flush has run.*reason=sdkNotReady/,
        ) as string,
      },
    ]);
  },
);

test('an unknown send option is told, not ignored', async () => {
  const { odp, log } = await startOdpApp();
  const event = { action: 'a', identifiers: { email } };
  const misspelt = { transactoin: {}, identity: 'false' } as object;
  await expect(odp.sendOdpEvent(event, misspelt)).rejects.toMatchObject({
    violations: [
      {
        path: 'options.identity',
        message: 'must be true or false (it is "false")',
      },
      {
        path: 'options.transactoin',
        message: expect.stringContaining('transaction') as string,
      },
    ],
  });
  await expect(odp.sendOdpEvents([event], misspelt)).rejects.toMatchObject({
    code: 'invalidEvent',
  });
  odp.trackOdpEvent(event, { transaction: {} } as object);
  expect(log.at(-1)?.message).toContain('options.transaction');
  expect(odp.stats()).toMatchObject({ accepted: 0 });
});

async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
