import 'reflect-metadata';
import { inspect } from 'node:util';
import { validateSync } from 'class-validator';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { IsOdpData } from './dto/is-odp-data.decorator.js';
import { IsOdpIdentifiers } from './dto/is-odp-identifiers.decorator.js';
import type { OdpEvent } from './event.js';
import { EventMaker } from './make-event.js';
import { trimInvisible } from './rules/text.js';

const maker = new EventMaker({
  commonData: {},
  eventTime: false,
  now: () => 0,
});

/* What attackers and mistaken callers put where a field belongs. */

const boom = () => {
  throw new RangeError('boom');
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const cyclic = () => {
  const object: Record<string, unknown> = { order_id: 1 };
  object.self = object;
  object.order = object;
  object.items = [object];
  return object;
};
const cyclicList = () => {
  const list: unknown[] = [];
  list.push(list);
  return list;
};
const sparse = () => {
  const list: unknown[] = [];
  list[5000] = { product_id: 1 };
  return list;
};
const huge = () => {
  const list: unknown[] = [];
  list.length = 2 ** 32 - 1;
  return list;
};
class Instance {
  email = 'ada@example.com';
  get inherited() {
    return boom();
  }
}

const odd = fc.constantFrom<Recipe[]>(
  revoked,
  cyclic,
  cyclicList,
  sparse,
  huge,
  () => Object.defineProperty({}, 'a', { get: boom, enumerable: true }),
  () => new Proxy({ a: 1 }, { get: boom }),
  () => new Proxy({ a: 1 }, { ownKeys: boom }),
  () => new Proxy({ a: 1 }, { getPrototypeOf: boom }),
  () => new Proxy([1], { get: boom }),
  () => new Proxy([{ product_id: 1 }], {}),
  () => ({ toJSON: boom, a: 1 }),
  () => ({ toJSON: 'text', a: 1 }),
  () => ({
    get [Symbol.toStringTag]() {
      return boom();
    },
  }),
  () =>
    Object.create({
      get [Symbol.toStringTag]() {
        return boom();
      },
    }) as unknown,
  () => Object.freeze({ email: 'frozen', product_id: 1, order_id: 1 }),
  () => Object.assign(Object.create(null), { email: 'e' }) as unknown,
  () => JSON.parse('{"__proto__":{"polluted":true},"email":"e"}') as unknown,
  () =>
    JSON.parse('{"constructor":{"prototype":{"polluted":true}}}') as unknown,
  () =>
    JSON.parse('{"constructor":"c","prototype":"p","email":"e"}') as unknown,
  () =>
    Object.defineProperty({ a: 1 }, '__proto__', {
      value: { polluted: true },
      enumerable: true,
    }),
  () => new Instance(),
  () => new Date(0),
  () => new Date(NaN),
  () => new Map([['email', 'e']]),
  () => new Set(['e']),
  () => new (class extends Map {})(),
  () => /x/,
  () => new Error('e'),
  () => Promise.resolve('e'),
  () => Buffer.from('e'),
  () => new Uint8Array(2),
  () => Object('boxed'),
  () => Object(5),
  () => Object(true),
  () => () => 'e',
  () => Symbol('s'),
  () => 10n,
  () => NaN,
  () => -0,
  () => Infinity,
  () => 2 ** 53 + 2,
  () => undefined,
  () => 'x'.repeat(1024 * 1024),
  () => 'half \ud83d',
  () => '\ud83d\udc4d \0 \u2028 "quoted" \\ </script>',
);

const names = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'toJSON',
    'hasOwnProperty',
    '__defineGetter__',
    'email',
    'vuid',
    'fs_user_id',
    'FS-USER-ID',
    'order',
    'order_id',
    'items',
    'product_id',
    'idempotence_id',
    'ts',
    '0',
    'length',
    '',
    ' ',
    'half \ud83d',
    '\u0000',
  ),
  fc.string({ maxLength: 8 }),
);

/** fast-check looks at what it makes, which some of it does not survive: it makes recipes. */
type Recipe<T = unknown> = () => T;

const constantly = (arbitrary: fc.Arbitrary<unknown>) =>
  arbitrary.map(
    (value): Recipe =>
      () =>
        value,
  );

const objectOf = (
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<Recipe>,
): fc.Arbitrary<Recipe<object>> =>
  fc.array(fc.tuple(key, value), { maxLength: 4 }).map((fields) => () => {
    const object = {};
    for (const [name, recipe] of fields) {
      // As JSON.parse does, also of `__proto__`.
      Object.defineProperty(object, name, {
        value: recipe(),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  });

const scalar = constantly(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
  ),
);

const someOrder = fc
  .record(
    {
      order_id: fc.oneof(fc.string({ minLength: 1 }), fc.integer()),
      total: fc.integer(),
      items: fc.array(
        fc.record({ product_id: fc.string({ minLength: 1 }), price: fc.nat() }),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ['order_id'] },
  )
  .map(
    (fields): Recipe =>
      () =>
        structuredClone(fields),
  );

const { value: anything } = fc.letrec<{ value: Recipe }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    { weight: 3, arbitrary: scalar },
    { weight: 3, arbitrary: odd },
    { weight: 1, arbitrary: someOrder },
    { weight: 2, arbitrary: objectOf(names, tie('value')) },
    {
      weight: 1,
      arbitrary: fc.array(tie('value'), { maxLength: 3 }).map(
        (recipes): Recipe =>
          () =>
            recipes.map((recipe) => recipe()),
      ),
    },
  ),
}));

const mostly = (right: fc.Arbitrary<Recipe>) =>
  fc.oneof(
    { weight: 20, arbitrary: right },
    { weight: 1, arbitrary: anything },
  );

const someIdentifiers = mostly(
  objectOf(
    names,
    mostly(
      constantly(
        fc.constantFrom('v1', 'ada@example.com', '', ' ', null, undefined),
      ),
    ),
  ),
);

const someData = mostly(objectOf(names, mostly(fc.oneof(scalar, someOrder))));

const someEvent = mostly(
  fc
    .record({
      type: mostly(constantly(fc.constantFrom('order', null, ''))),
      action: mostly(constantly(fc.constant('purchase'))),
      identifiers: someIdentifiers,
      data: someData,
    })
    .map(({ type, action, identifiers, data }): Recipe => () => ({
      type: type(),
      action: action(),
      identifiers: identifiers(),
      data: data(),
    })),
);

/** Its violations, or none; any other error fails the test. */
function violationsOf(event: unknown): readonly OdpViolation[] {
  try {
    maker.make(event as OdpEvent);
    return [];
  } catch (error) {
    if (error instanceof OdpValidationError) return error.violations;
    throw error;
  }
}

/** Every property that every object has. */
const prototypes = () =>
  [Object, Array, String, Number, Function]
    .map(({ prototype }: { prototype: object }) =>
      inspect(Object.getOwnPropertyDescriptors(prototype), {
        showHidden: true,
        depth: 1,
      }),
    )
    .join();

/** A value's own properties, deep down; getters are not called, and what throws is told apart. */
function snapshot(value: unknown, above: readonly unknown[] = []): unknown {
  if (typeof value === 'string') return `${value.length}:${value.slice(0, 99)}`;
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) return `cycle of ${above.indexOf(value)}`;
  try {
    return Reflect.ownKeys(value).map((key) => {
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      return [
        key,
        { ...property, value: snapshot(property?.value, [...above, value]) },
      ];
    });
  } catch (error) {
    return String(error);
  }
}

/** What of a plain value ODP may get, told apart from the rules' own code. */
function allowed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(allowed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, allowed(field)]),
  );
}

const isAlias = (key: string) =>
  ['fs_user_id', 'fs-user-id'].includes(key.toLowerCase());

function allowedIdentifiers(value: object): Record<string, string> {
  const kept = Object.entries(value).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && trimInvisible(entry[1]) !== '',
  );
  for (const entry of kept) entry[1] = trimInvisible(entry[1]);
  const identifiers = Object.fromEntries(kept.filter(([key]) => !isAlias(key)));
  const user =
    kept.find(([key]) => key === 'fs_user_id') ??
    kept.find(([key]) => isAlias(key));
  return user === undefined
    ? identifiers
    : { ...identifiers, fs_user_id: user[1] };
}

const RUNS = { numRuns: 3000 };

describe('EventMaker, whatever comes in', () => {
  it('gives JSON of what is allowed, or OdpValidationError', () => {
    let made = 0;
    fc.assert(
      fc.property(someEvent, (recipe) => {
        const event = recipe();
        if (violationsOf(event).length > 0) return;
        made++;
        const { identifiers, data } = event as Required<OdpEvent>;
        const { id, payload } = maker.make(event as OdpEvent);
        const sent = JSON.parse(payload) as Record<string, unknown>;
        expect(Object.keys(sent)).toEqual([
          'type',
          'action',
          'identifiers',
          'data',
        ]);
        expect(sent.identifiers).toEqual(
          allowedIdentifiers(identifiers as object),
        );
        expect(sent.data).toEqual(
          JSON.parse(
            JSON.stringify({
              idempotence_id: id,
              data_source_type: 'sdk',
              data_source: 'nestjs-optimizely-odp',
              data_source_version: (sent.data as Record<string, unknown>)
                .data_source_version,
              ...(allowed(data) as object | undefined),
            }),
          ),
        );
      }),
      RUNS,
    );
    // Or the property would say nothing of events that are sent.
    expect(made).toBeGreaterThan(RUNS.numRuns / 20);
  });

  it('leaves every prototype and what came in as they were', () => {
    const before = prototypes();
    fc.assert(
      fc.property(someEvent, (recipe) => {
        const event = recipe();
        const given = snapshot(event);
        violationsOf(event);
        expect(snapshot(event)).toEqual(given);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
      RUNS,
    );
    expect(prototypes()).toBe(before);
  });

  it('takes a copy: what is changed later is not sent', () => {
    fc.assert(
      fc.property(
        fc.record({ order_id: fc.string({ minLength: 1 }) }),
        (order) => {
          fc.pre(order.order_id.trim() !== '');
          const event = {
            action: 'a',
            identifiers: { vuid: 'v' },
            data: { order: { ...order, items: [{ product_id: 1 }] } },
          };
          const made = maker.make(event);
          const { payload } = made;
          event.identifiers.vuid = 'changed';
          event.data.order.items.push({ product_id: 2 });
          event.data.order.order_id = 'changed';
          expect(made.payload).toBe(payload);
          expect(payload).not.toContain('changed');
          for (const value of Object.values(made)) {
            expect(typeof value).not.toBe('object');
          }
        },
      ),
    );
  });

  it('keeps commonData from event to event', () => {
    const order = { order_id: 'common', items: [{ product_id: 'p' }] };
    const commonData = Object.freeze({ order: Object.freeze(order) });
    const sharing = new EventMaker({
      commonData: { order: { ...commonData.order } },
      eventTime: false,
      now: () => 0,
    });
    fc.assert(
      fc.property(someData, (recipe) => {
        const data = recipe();
        const event = { action: 'a', identifiers: { vuid: 'v' } };
        try {
          sharing.make({ ...event, data } as OdpEvent);
        } catch (error) {
          expect(error).toBeInstanceOf(OdpValidationError);
        }
        expect(
          (
            JSON.parse(sharing.make(event).payload) as {
              data: Record<string, unknown>;
            }
          ).data.order,
        ).toEqual(order);
      }),
      { numRuns: 200 },
    );
  });
});

class IdentifiersHolder {
  @IsOdpIdentifiers()
  identifiers: unknown;
}

class DataHolder {
  @IsOdpData()
  data: unknown;
}

/** class-validator looks at a value itself before it asks the rule, and not all of it survives that. */
function validated(holder: object): ReturnType<typeof validateSync> {
  try {
    return validateSync(holder);
  } catch (error) {
    expect((error as Error).stack).not.toContain('rule.decorator');
    return fc.pre(false) as never;
  }
}

describe('the decorators', () => {
  it('IsOdpIdentifiers accepts what the maker accepts', () => {
    fc.assert(
      fc.property(someIdentifiers, (recipe) => {
        const identifiers = recipe();
        const holder = Object.assign(new IdentifiersHolder(), { identifiers });
        expect(validated(holder).length === 0).toBe(
          violationsOf({ action: 'a', identifiers }).length === 0,
        );
      }),
      RUNS,
    );
  });

  it('IsOdpData accepts what the maker accepts', () => {
    fc.assert(
      fc.property(someData, (recipe) => {
        const data = recipe();
        const holder = Object.assign(new DataHolder(), { data });
        expect(validated(holder).length === 0).toBe(
          violationsOf({ action: 'a', identifiers: { vuid: 'v' }, data })
            .length === 0,
        );
      }),
      RUNS,
    );
  });

  it('refuse what would be too long as JSON', () => {
    const text = 'x'.repeat(300 * 1024);
    const one = Object.assign(new DataHolder(), { data: { text } });
    const two = Object.assign(new DataHolder(), { data: { text, more: text } });
    expect(validateSync(one)).toEqual([]);
    expect(validateSync(two)).toHaveLength(1);
  });

  it('say what the error says', () => {
    fc.assert(
      fc.property(someData, (recipe) => {
        const data = recipe();
        const holder = Object.assign(new DataHolder(), { data });
        const said = validated(holder).flatMap(({ constraints }) =>
          Object.values(constraints ?? {}),
        );
        const violations = violationsOf({
          action: 'a',
          identifiers: { vuid: 'v' },
          data,
        });
        expect(said).toHaveLength(violations.length > 0 ? 1 : 0);
        for (const { path, message } of violations.slice(0, 20)) {
          expect(said[0]).toContain(`${path} ${message}`);
        }
      }),
      { numRuns: 300 },
    );
  });
});
