import { expect, test } from 'vitest';
import { OdpValidationError } from '../errors/index.js';
import { systemClock } from '../clock.js';
import { ManualClock } from '../testing/index.js';
import { makeAction } from './make-action.js';
import type { OdpActionContext } from './odp-action.js';

class ShopController {
  buy() {}
}
const context = {
  request: {},
  executionContext: {
    getClass: () => ShopController,
    getHandler: () => ShopController.prototype.buy,
  },
} as unknown as OdpActionContext;
const limit = { clock: systemClock, ms: 10_000 };
const messageOf = async (thrown: unknown): Promise<string> => {
  const action = makeAction(() => {
    throw thrown;
  }, {});
  const error: unknown = await Promise.resolve()
    .then(() => action.make(context, limit))
    .catch((one: unknown) => one);
  expect(error).toBeInstanceOf(OdpValidationError);
  return (error as OdpValidationError).violations[0]!.message;
};

test('an error that quotes the source text helps to find it', async () => {
  const thrown = await Promise.resolve()
    .then(() => (undefined as unknown as { email: string }).email)
    .catch((error: unknown) => error);
  expect(await messageOf(thrown)).toContain("(reading 'email')");
});

test('a function that fails is reported with its handler, and what may be missing', () => {
  const failing = makeAction(
    {
      action: 'purchase',
      identifiers: ({ request }) => ({
        email: (request.user as unknown as { email: string }).email,
      }),
    },
    {},
  );
  const make = () => failing.make(context, limit);
  expect(make).toThrow(
    'identifiers cannot be determined: its function in @SendOdpEvent() on ShopController.buy threw TypeError',
  );
  expect(make).toThrow('Is request.user set by a guard?');
});

test.each([
  new Error('ada@example.com'),
  new TypeError('Invalid URL: ada@example.com'),
  new TypeError(
    "Cannot read properties of undefined (reading 'ada@example.com')",
  ),
  new TypeError('ada@example.com is not a function'),
  new SyntaxError('Unexpected token a in JSON: ada@example.com'),
  'ada@example.com',
  { message: 'ada@example.com' },
  Object.assign(new Error('no'), { name: 'ada@example.com' }),
])('what may hold a value is not repeated', async (thrown) => {
  expect(await messageOf(thrown)).not.toContain('ada@');
});

test('every value may be a function, and is evaluated once', async () => {
  let calls = 0;
  const count =
    <T>(value: T) =>
    (): T => {
      calls++;
      return value;
    };
  const action = makeAction(
    {
      type: count('order'),
      action: count('purchase'),
      identifiers: async () => count({ email: 'ada@example.com' })(),
      data: count({ total: 1 }),
      when: count(true),
    },
    {},
  );
  expect(await action.when(context, limit)).toBe(true);
  expect(await action.make(context, limit)).toEqual([
    {
      type: 'order',
      action: 'purchase',
      identifiers: { email: 'ada@example.com' },
      data: { total: 1 },
    },
  ]);
  expect(calls).toBe(5);
});

const make = (...given: Parameters<typeof makeAction>) =>
  Promise.resolve().then(() => makeAction(...given).make(context, limit));

test('says when to send, to whom and about whom, as far as that was given', async () => {
  const plain = makeAction({ action: 'a' }, {});
  expect(Object.keys(plain).toSorted()).toEqual(['account', 'make', 'when']);
  expect(plain.account).toBeUndefined();
  expect(await plain.when(context, limit)).toBe(true);

  const conditions = {
    on: 'always',
    account: 'emea',
    identity: false,
    oncePerRequest: true,
    when: () => Promise.resolve(false),
  } as const;
  for (const action of [
    makeAction({ action: 'a', ...conditions }, {}),
    makeAction(() => undefined, conditions),
  ]) {
    expect(action).toMatchObject({
      on: 'always',
      account: 'emea',
      identity: false,
      oncePerRequest: true,
    });
    expect(action.accountOf).toBeUndefined();
    expect(await action.when(context, limit)).toBe(false);
  }
});

test('asks which account gets the events, if that depends on the call', async () => {
  const action = makeAction({ action: 'a', account: () => 'emea' }, {});
  expect(action.account).toBeUndefined();
  expect(await action.accountOf?.(context, limit)).toBe('emea');
  const failing = makeAction(
    {
      action: 'a',
      account: () => {
        throw new RangeError('no');
      },
    },
    {},
  );
  expect(() => failing.accountOf?.(context, limit)).toThrow(
    'account cannot be determined: its function in @SendOdpEvent() on ShopController.buy threw RangeError',
  );
});

test.each([
  [undefined, []],
  [null, []],
  [{ action: 'a' }, [{ action: 'a' }]],
  [[], []],
  [
    [{ action: 'a' }, { action: 'b' }],
    [{ action: 'a' }, { action: 'b' }],
  ],
])('a function that returns %j makes %j', async (returned, events) => {
  expect(await make(() => returned, {})).toEqual(events);
  expect(await make(() => Promise.resolve(returned), {})).toEqual(events);
});

test('a value is what it is, and comes without a promise', () => {
  const values = {
    type: 'order',
    action: 'purchase',
    identifiers: { email: 'ada@example.com' },
    data: { total: 1 },
  };
  expect(makeAction(values, {}).make(context, limit)).toEqual([values]);
  expect(
    makeAction({ action: () => 'a', data: () => null }, {}).make(
      context,
      limit,
    ),
  ).toEqual([
    { type: undefined, action: 'a', identifiers: undefined, data: null },
  ]);
});

test('what stands for a promise, such as a query, is awaited', async () => {
  // oxlint-disable-next-line unicorn/no-thenable -- as a query builder has it
  const query = { then: (done: (value: object) => void) => done({ a: 1 }) };
  const data = () => query as unknown as Promise<object>;
  expect(await make({ action: 'a', data }, {})).toMatchObject([
    { data: { a: 1 } },
  ]);
});

test.each(['type', 'action', 'identifiers', 'data'])(
  'a function that fails is named with its field: %s',
  async (field) => {
    const failing = () => Promise.reject(new RangeError('no'));
    const error = await make({ action: 'a', [field]: failing }, {}).catch(
      (one: unknown) => one,
    );
    expect((error as OdpValidationError).violations).toEqual([
      {
        path: field,
        message:
          'cannot be determined: its function in @SendOdpEvent() on ShopController.buy threw RangeError',
      },
    ]);
    expect((error as Error).message).toContain('Fix that function.');
  },
);

test('the other functions are named, too', async () => {
  const failing = () => {
    throw new RangeError('no');
  };
  await expect(make(failing, {})).rejects.toThrow('event cannot be determined');
  const action = makeAction({ action: 'a', when: failing }, {});
  expect(() => action.when(context, limit)).toThrow(
    'when cannot be determined',
  );
});

test('what is thrown need not be an error', async () => {
  expect(await messageOf(5)).toContain('threw something other than an Error');
});

test('asks for request.user only if the function reads it and there is none', () => {
  const advice = (given: object, action: () => string) => () =>
    makeAction({ action }, {}).make(
      { ...context, request: given } as unknown as OdpActionContext,
      limit,
    );
  const readsUser = () => {
    throw new TypeError('user');
  };
  const readsNone = () => {
    throw new TypeError('other');
  };
  const asks = /Is request\.user set by a guard\?/;
  expect(advice({}, readsUser)).toThrow(asks);
  expect(advice({ user: {} }, readsUser)).not.toThrow(asks);
  expect(advice({}, readsNone)).not.toThrow(asks);
});

test('a function that takes too long is given up', async () => {
  const clock = new ManualClock();
  const never = () => new Promise<string>(() => {});
  const made = Promise.resolve(
    makeAction({ action: never }, {}).make(context, { clock, ms: 5000 }),
  );
  const failure = expect(made).rejects.toThrow(
    /action cannot be determined: its function in @SendOdpEvent\(\) on ShopController\.buy was given up after 5000 ms \(delivery\.requestTimeout\).*Let its promise settle/,
  );
  await clock.advance(5000);
  await failure;
});
