import { describe, expect, it } from 'vitest';
import { copyData, writeData } from './data.js';
import { JsonWriter } from './json-writer.js';
import { MAX_EVENT_LENGTH, TOO_LONG } from './length.js';
import type { Violations } from './read-fields.js';

function copied(value: unknown) {
  const violations: Violations = [];
  const data = copyData(value, 'data', violations);
  return {
    data,
    problems: violations.map(({ path, message }) => `${path} ${message}`),
  };
}

const NO_ID =
  'data.idempotence_id must be 1 to 128 printable ASCII characters and not blank, or be left out';
const NO_TIME =
  'data.ts must be in seconds since the epoch, not milliseconds; divide it by 1000';
const NO_FIELDS = 'data must be an object of fields and values';

class Cart {
  readonly total = 5;
}

describe('copyData', () => {
  it.each<[unknown, object]>([
    [undefined, {}],
    [null, {}],
    [
      { a: 1, b: undefined, c: null },
      { a: 1, c: null },
    ],
    [new Cart(), { total: 5 }],
    [Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    [Object.create({ inherited: 1 }), {}],
    [{ idempotence_id: undefined }, {}],
    [{ idempotence_id: ' a~' }, { idempotence_id: ' a~' }],
    [{ idempotence_id: 'x'.repeat(128) }, { idempotence_id: 'x'.repeat(128) }],
    [{ ts: 1e11 - 1 }, { ts: 1e11 - 1 }],
    [{ ts: '2026-01-01' }, { ts: '2026-01-01' }],
    [{ views: 1e11 }, { views: 1e11 }],
    [{ ts: '100000000000' }, { ts: '100000000000' }],
    [{ order: null }, { order: null }],
    [{ order: '42' }, { order: '42' }],
    [
      { order: { order_id: 5, items: null } },
      { order: { order_id: 5, items: null } },
    ],
  ])('takes %j as %j', (value, data) => {
    expect(copied(value)).toEqual({ data, problems: [] });
  });

  it.each<[unknown, string]>([
    [{ idempotence_id: '' }, NO_ID],
    [{ idempotence_id: ' ' }, NO_ID],
    [{ idempotence_id: 5 }, NO_ID],
    [{ idempotence_id: null }, NO_ID],
    [{ idempotence_id: 'ü' }, NO_ID],
    [{ idempotence_id: 'x'.repeat(129) }, NO_ID],
    [{ ts: 1e11 }, NO_TIME],
    [{ ts: Infinity }, 'data.ts must be a finite number within ±2^53'],
    [5, NO_FIELDS],
    ['text', NO_FIELDS],
    [true, NO_FIELDS],
    [[1], NO_FIELDS],
    [new Date(0), NO_FIELDS],
    [
      new Map(),
      'data must be an object of fields and values, not a Map; pass Object.fromEntries(map)',
    ],
    [
      { a: 5n },
      'data.a must be a string, number, boolean or null, not a bigint; pass a bigint as a string',
    ],
    [
      { a: new Date(0) },
      'data.a must be a string, number, boolean or null, not an object or list; the only nested value of ODP is data.order; send a Date as epoch seconds or an ISO 8601 string',
    ],
    [
      { a: Symbol('a') },
      'data.a must be a string, number, boolean or null, not a symbol',
    ],
    [
      { order: {} },
      'data.order.order_id is required: a non-blank string or a number',
    ],
    [
      { order: { order_id: ' ' } },
      'data.order.order_id is required: a non-blank string or a number',
    ],
    [
      { order: { order_id: 1, items: [{ product_id: null }] } },
      'data.order.items[0].product_id is required: a non-blank string or a number',
    ],
    [
      { order: { order_id: 1, items: { length: 1 } } },
      'data.order.items must be a list of at most 10000 line items',
    ],
    [
      { order: { order_id: 1, items: [5] } },
      'data.order.items[0] must be an object of fields and values',
    ],
  ])('%o is reported', (value, problem) => {
    expect(copied(value).problems).toEqual([problem]);
  });

  it('names the fields that throw, or what cannot be read at all', () => {
    const throwing = {
      enumerable: true,
      get: () => {
        throw new Error('boom');
      },
    };
    const value = Object.defineProperties(
      { c: 1 },
      { a: throwing, b: throwing },
    );
    expect(copied(value).problems).toEqual([
      'data.a could not be read (it throws)',
      'data.b could not be read (it throws)',
    ]);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(copied(proxy).problems).toEqual([
      'data could not be read (it throws)',
    ]);
    const list = Object.defineProperty([{}], 0, throwing);
    expect(copied({ order: { order_id: 1, items: list } }).problems).toEqual([
      'data.order.items could not be read (it throws)',
    ]);
  });

  it('takes nothing that all objects have', () => {
    const ofAll = { value: 5, enumerable: true, configurable: true };
    // oxlint-disable-next-line no-extend-native -- as a careless library might
    Object.defineProperty(Object.prototype, 'total', ofAll);
    const json = new JsonWriter();
    json.begin();
    writeData({ a: 1 }, 'data', [], json);
    Reflect.deleteProperty(Object.prototype, 'total');
    expect(json.end()).toBe('{"a":1}');
  });

  it('takes so many line items and no more', () => {
    const item = { product_id: 1 };
    const order = (count: number) => ({
      order: { order_id: 1, items: Array.from({ length: count }, () => item) },
    });
    expect(copied(order(10_000)).problems).toEqual([]);
    expect(copied(order(10_001)).problems).toHaveLength(1);
  });

  it('is as long as an event may be, and no longer', () => {
    // What stands around the text: {"a":""}
    const longest = 'x'.repeat(MAX_EVENT_LENGTH - 8);
    expect(copied({ a: longest })).toEqual({
      data: { a: longest },
      problems: [],
    });
    expect(copied({ a: `${longest}x` })).toEqual({
      data: {},
      problems: [`data ${TOO_LONG}`],
    });
  });
});
