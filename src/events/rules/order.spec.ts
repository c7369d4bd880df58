import { expect, it } from 'vitest';
import { JsonWriter } from './json-writer.js';
import { writeOrder } from './order.js';
import type { Violations } from './read-fields.js';

function written(order: unknown) {
  const violations: Violations = [];
  const json = new JsonWriter();
  json.begin();
  writeOrder(order, 'data.order', violations, json);
  return {
    json: json.end(),
    problems: violations.map(({ path, message }) => `${path} ${message}`),
  };
}

it.each([
  { order_id: 'o-1', total: 9.5, note: null },
  { order_id: 1, items: null },
  { order_id: 1, items: [] },
  {
    order_id: 1,
    items: [
      { product_id: 'tea', price: 5, gift: true },
      { product_id: 2, discount: null },
    ],
  },
])('writes %j as it is', (order) => {
  expect(written(order)).toEqual({
    json: JSON.stringify({ order }),
    problems: [],
  });
});

it('writes no items that are undefined', () => {
  expect(written({ order_id: 1, items: undefined })).toEqual({
    json: '{"order":{"order_id":1}}',
    problems: [],
  });
});

it.each<[unknown, string[]]>([
  [[], ['data.order must be an object of fields and values']],
  [{}, ['data.order.order_id is required']],
  [{ order_id: true }, ['data.order.order_id is required']],
  [{ order_id: '\u200b' }, ['data.order.order_id is required']],
  [{ order_id: 1, a: {} }, ['data.order.a must be a string']],
  [{ order_id: 1, items: 'tea' }, ['data.order.items must be a list of']],
  [
    { order_id: 1, items: [{ product_id: 1 }, { product_id: ' ', a: [] }, 5] },
    [
      'data.order.items[1].a must be a string',
      'data.order.items[1].product_id is required',
      'data.order.items[2] must be an object of fields',
    ],
  ],
])('reports what is wrong with %j', (order, problems) => {
  expect(written(order).problems).toEqual(
    problems.map((problem) => expect.stringContaining(problem) as string),
  );
});
