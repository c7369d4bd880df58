import { type OdpService, OdpValidationError } from 'nestjs-optimizely-odp';
import { describe, expect, test } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';

const email = 'ada@example.com';
const event = { action: 'a', identifiers: { email } };
const customer = { identifiers: { email } };
const wrong = (value: unknown) => value as never;

type Call = (odp: OdpService, options: never) => unknown;

/** Every method that takes options, and one of its own. */
const CALLS: readonly [name: string, call: Call, option: string][] = [
  ['sendOdpEvent', (odp, o) => odp.sendOdpEvent(event, o), 'timeout'],
  ['sendOdpEvents', (odp, o) => odp.sendOdpEvents([event], o), 'timeout'],
  ['identify', (odp, o) => odp.identify({ email, vuid: 'v' }, o), 'timeout'],
  ['flush', (odp, o) => odp.flush(o), 'timeout'],
  [
    'fetchQualifiedSegments',
    (odp, o) => odp.fetchQualifiedSegments({ email }, o),
    'timeout',
  ],
  ['customers.update', (odp, o) => odp.customers.update(customer, o), 'signal'],
  ['customers.get', (odp, o) => odp.customers.get({ email }, o), 'timeout'],
  [
    'deadLetters.requeue',
    (odp, o) => odp.deadLetters.requeue({}, o),
    'perSecond',
  ],
];

async function failure(done: unknown): Promise<OdpValidationError> {
  const error: unknown = await Promise.resolve(done).catch(
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(OdpValidationError);
  return error as OdpValidationError;
}

describe.each(CALLS)('the options of %s', (_, call, option) => {
  const misspelt = `${option.slice(0, -1)}x`;

  test.each([
    [
      null,
      'options',
      'must be an object of options, or be left out (it is null)',
    ],
    ['5s', 'options', 'must be an object of options'],
    [5, 'options', 'must be an object of options'],
    [[], 'options', 'must be an object of options'],
    [{ [misspelt]: 1 }, `options.${misspelt}`, `${option} is probably meant`],
    [{ [email]: 1 }, 'options[a name of 15 characters]', 'is not an option'],
    [{ [option]: {} }, `options.${option}`, 'must be'],
    [{ [option]: null }, `options.${option}`, 'must not be null; leave it out'],
    [{ [option]: -1 }, `options.${option}`, 'must be'],
  ])('%j is refused in words', async (given, path, message) => {
    const { odp, sandbox } = await startOdpApp();
    const { violations } = await failure(call(odp, wrong(given)));
    expect(violations).toEqual([
      { path, message: expect.stringContaining(message) as string },
    ]);
    expect(sandbox.events()).toEqual([]);
  });
});

test.each<[string, (odp: OdpService) => unknown, string]>([
  ['api.request', (odp) => odp.api.request(wrong(undefined)), 'request'],
  ['api.request', (odp) => odp.api.request(wrong(null)), 'request'],
  ['api.request', (odp) => odp.api.request(wrong('/lists')), 'request'],
  [
    'api.request',
    (odp) => odp.api.request({ path: '/lists', qurey: {} } as never),
    'qurey',
  ],
  [
    'api.request',
    (odp) => odp.api.request({ path: '/lists', idempotent: wrong('no') }),
    'idempotent',
  ],
  [
    'api.request',
    (odp) => odp.api.request({ path: '/lists', signal: wrong({}) }),
    'signal',
  ],
  ['deadLetters.list', (odp) => odp.deadLetters.list(wrong(null)), 'filter'],
  ['deadLetters.list', (odp) => odp.deadLetters.list(wrong('a')), 'filter'],
  [
    'deadLetters.list',
    (odp) => odp.deadLetters.list({ limit: wrong('5') }),
    'filter.limit',
  ],
  [
    'deadLetters.list',
    (odp) => odp.deadLetters.list({ after: wrong(5) }),
    'filter.after',
  ],
  [
    'deadLetters.list',
    (odp) => odp.deadLetters.list({ limt: 5 } as never),
    'filter.limt',
  ],
  [
    'deadLetters.requeue',
    (odp) => odp.deadLetters.requeue(wrong(null)),
    'filter',
  ],
  ['deadLetters.purge', (odp) => odp.deadLetters.purge(wrong(null)), 'filter'],
  [
    'deadLetters.purge',
    (odp) => odp.deadLetters.purge(wrong(undefined)),
    'filter',
  ],
  ['deadLetters.purge', (odp) => odp.deadLetters.purge(wrong('all')), 'filter'],
  [
    'deadLetters.purge',
    (odp) => odp.deadLetters.purge({ all: wrong('false') }),
    'filter.all',
  ],
  ['outbox.erase', (odp) => odp.outbox.erase(wrong(null)), 'identifiers'],
  ['outbox.erase', (odp) => odp.outbox.erase(wrong(email)), 'identifiers'],
  ['customers.get', (odp) => odp.customers.get(wrong(null)), 'identifiers'],
  ['customers.update', (odp) => odp.customers.update(wrong(null)), 'customer'],
  ['sendOdpEvents', (odp) => odp.sendOdpEvents(wrong(null)), 'events'],
  [
    'fetchQualifiedSegments',
    (odp) => odp.fetchQualifiedSegments(wrong(null)),
    'identifiers',
  ],
])('%s refuses in words what it cannot take: %s', async (_, call, path) => {
  const { odp } = await startOdpApp();
  const error = await failure(call(odp));
  expect(error.violations).toMatchObject([{ path }]);
  expect(error.message).not.toContain(email);
});

test('runWithIdentity wants a function', async () => {
  const { odp } = await startOdpApp();
  for (const fn of [undefined, null, Promise.resolve()]) {
    expect(() => odp.runWithIdentity({ email }, wrong(fn))).toThrow(
      'fn must be a function, such as () => …',
    );
  }
});

test('trackOdpEvent logs what is wrong with its options', async () => {
  const { odp, log } = await startOdpApp();
  odp.trackOdpEvent(event, wrong(null));
  expect(log.at(-1)?.message).toContain('options must be an object');
  expect(odp.stats()).toMatchObject({ accepted: 0, invalid: 1 });
});

test.each<[string, (odp: OdpService) => unknown]>([
  ['flush', (odp) => odp.flush(wrong(null))],
  ['deadLetters.list', (odp) => odp.deadLetters.list(wrong(null))],
  ['deadLetters.requeue', (odp) => odp.deadLetters.requeue(wrong(null))],
  ['deadLetters.purge', (odp) => odp.deadLetters.purge(wrong(null))],
  ['outbox.erase', (odp) => odp.outbox.erase(wrong(null))],
])(
  '%s that nobody awaits is logged, and does not end the process',
  async (_, call) => {
    const { odp, log } = await startOdpApp();
    void call(odp);
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(log.at(-1)?.message).toContain('Nobody awaited');
  },
);
