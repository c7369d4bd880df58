import { expect, test } from 'vitest';
import { OdpValidationError } from '../errors/index.js';
import { systemClock } from '../clock.js';
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

test('a function that fails is told with its handler, and what may be missing', () => {
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
    'identifiers cannot be told: its function in @SendOdpEvent() on ShopController.buy threw TypeError',
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
