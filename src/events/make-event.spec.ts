import { describe, expect, it } from 'vitest';
import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { PACKAGE_VERSION } from '../version.js';
import type { OdpEvent } from './event.js';
import {
  EventMaker,
  type EventMakerOptions,
  type MadeEvent,
} from './make-event.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const UUID_V4 =
  /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const makerOf = (options: Partial<EventMakerOptions> = {}) =>
  new EventMaker({
    commonData: {},
    eventTime: false,
    now: () => NOW,
    ...options,
  });

interface Sent {
  readonly type: string;
  readonly action: string;
  readonly identifiers: Record<string, string>;
  readonly data: Record<string, unknown>;
}

const sentOf = ({ payload }: MadeEvent) => JSON.parse(payload) as Sent;

/** Makes an event of these parts; whatever is not named is right. */
const make = (
  parts: Readonly<Record<string, unknown>>,
  options?: Partial<EventMakerOptions>,
  callerIdentifiers?: unknown,
) =>
  makerOf(options).make(
    { action: 'act', identifiers: { vuid: 'v1' }, ...parts },
    callerIdentifiers,
  );

const sent = (...args: Parameters<typeof make>) => sentOf(make(...args));

function violationsOf(parts: Readonly<Record<string, unknown>>) {
  try {
    make(parts);
  } catch (error) {
    if (error instanceof OdpValidationError) return error.violations;
    throw error;
  }
  return [];
}

const pathsOf = (parts: Readonly<Record<string, unknown>>) =>
  violationsOf(parts).map(({ path }) => path);

const orderOf = (order: unknown) => pathsOf({ data: { order } });

const boom = () => {
  throw new Error('secret');
};

describe('type', () => {
  it.each([undefined, null, '', ' \t\n'])('is fullstack for %j', (type) => {
    expect(sent({ type }).type).toBe('fullstack');
  });

  it('is what the event says', () => {
    expect(sent({ type: 'order' }).type).toBe('order');
  });

  it('has at most 1024 characters', () => {
    expect(sent({ type: 'x'.repeat(1024) }).type).toHaveLength(1024);
    expect(violationsOf({ type: 'x'.repeat(1025) })).toEqual([
      { path: 'type', message: 'must have at most 1024 characters' },
    ]);
  });

  it.each([5, true, {}, [], Symbol('s'), 'cut \ud83d'])(
    'is a violation for %o',
    (type) => {
      expect(pathsOf({ type })).toEqual(['type']);
    },
  );
});

describe('action', () => {
  it.each([undefined, null, '', '  ', 5, {}])('is required: %j', (action) => {
    expect(violationsOf({ action })).toEqual([
      { path: 'action', message: 'must be a string that is not blank' },
    ]);
  });

  it('has at most 1024 characters', () => {
    expect(sent({ action: 'x'.repeat(1024) }).action).toHaveLength(1024);
    expect(pathsOf({ action: 'x'.repeat(1025) })).toEqual(['action']);
  });
});

describe('identifiers', () => {
  it('leaves out null, undefined and blank ones', () => {
    const identifiers = { email: '', phone: '  ', a: null, b: undefined };
    expect(sent({ identifiers: { ...identifiers, vuid: 'v' } })).toMatchObject({
      identifiers: { vuid: 'v' },
    });
    expect(
      Object.keys(
        sent({ identifiers: { ...identifiers, vuid: 'v' } }).identifiers,
      ),
    ).toEqual(['vuid']);
  });

  it.each([undefined, null, {}, { email: '' }, { email: null, vuid: ' ' }])(
    'needs one that is not blank: %j',
    (identifiers) => {
      expect(violationsOf({ identifiers })[0]).toEqual({
        path: 'identifiers',
        message: 'must hold at least one identifier that is a non-blank string',
      });
    },
  );

  it('names those that are blank or missing', () => {
    const identifiers = { email: ' ', vuid: undefined, 'a\nb': '' };
    expect(violationsOf({ identifiers }).slice(1)).toEqual([
      { path: 'identifiers.email', message: 'is blank' },
      { path: 'identifiers.vuid', message: 'is undefined' },
      { path: 'identifiers[a name of 3 characters]', message: 'is blank' },
    ]);
  });

  it.each([
    [5, 'a number'],
    [true, 'a boolean'],
    [10n, 'a bigint'],
    [{}, 'an object or list'],
    [['a@b.c'], 'an object or list'],
    [Symbol('s'), 'a symbol'],
  ])('refuses the value %o, naming its path', (value, kind) => {
    expect(violationsOf({ identifiers: { vuid: 'v', email: value } })).toEqual([
      {
        path: 'identifiers.email',
        message: `must be a string, not ${kind}`,
      },
    ]);
  });

  it.each([
    'FS_USER_ID',
    'fs-user-id',
    'FS-USER-ID',
    'Fs-User-Id',
    'fs_User_ID',
  ])('brings %s to fs_user_id', (spelling) => {
    expect(sent({ identifiers: { [spelling]: 'u' } }).identifiers).toEqual({
      fs_user_id: 'u',
    });
  });

  it.each(['fsuserid', 'fs_user-id', 'fs-user_id', 'fs_user_ids'])(
    'leaves %j as it is',
    (name) => {
      expect(sent({ identifiers: { [name]: 'u' } }).identifiers).toEqual({
        [name]: 'u',
      });
    },
  );

  it('prefers the exact spelling, wherever it stands', () => {
    for (const identifiers of [
      { 'FS-USER-ID': 'alias', fs_user_id: 'exact', FS_USER_ID: 'other' },
      { fs_user_id: 'exact', 'fs-user-id': 'alias' },
    ]) {
      expect(sent({ identifiers }).identifiers).toEqual({
        fs_user_id: 'exact',
      });
    }
  });

  it('else takes the first other spelling, blank ones aside', () => {
    expect(
      sent({
        identifiers: {
          FS_USER_ID: ' ',
          'fs-user-id': 'first',
          'FS-USER-ID': 'second',
          fs_user_id: null,
        },
      }).identifiers,
    ).toEqual({ fs_user_id: 'first' });
  });

  it('fills in what it lacks from whoever is calling', () => {
    const caller = { email: 'a', vuid: 'v', 'FS-USER-ID': 'u' };
    const all = { email: 'a', vuid: 'v', fs_user_id: 'u' };
    const filledIn = (identifiers?: Record<string, string>) =>
      sent({ identifiers }, {}, caller).identifiers;
    expect(filledIn({ vuid: 'v' })).toEqual(all);
    expect(filledIn({ phone: '1' })).toEqual({ ...all, phone: '1' });
    expect(filledIn(undefined)).toEqual(all);
  });

  it('fills in nothing if it names the caller otherwise: it is about somebody else', () => {
    const caller = { email: 'agent', vuid: 'v', 'FS-USER-ID': 'u' };
    for (const own of [
      { email: 'customer' },
      { fs_user_id: 'other', x: '1' },
    ]) {
      expect(sent({ identifiers: own }, {}, caller).identifiers).toEqual(own);
    }
  });

  it("distinguishes the caller's wrong identifier from its own", () => {
    expect(() => make({}, {}, { email: 5 })).toThrow(
      expect.objectContaining({
        violations: [
          {
            path: 'identity.email',
            message: 'must be a string, not a number',
          },
        ],
      }),
    );
  });
});

describe('data', () => {
  it('holds strings, booleans, numbers and null', () => {
    const data = { s: 'text', e: '', b: false, n: -0.5, z: 0, nothing: null };
    expect(sent({ data }).data).toMatchObject(data);
  });

  it('leaves out undefined', () => {
    expect(sent({ data: { a: undefined, b: 1 } }).data).not.toHaveProperty('a');
  });

  it.each([undefined, null, {}])('is optional: %j', (data) => {
    expect(Object.keys(sent({ data }).data)).toEqual([
      'idempotence_id',
      'data_source_type',
      'data_source',
      'data_source_version',
    ]);
  });

  it.each([2 ** 53, -(2 ** 53), Number.MIN_VALUE])('holds %d', (n) => {
    expect(sent({ data: { n } }).data.n).toBe(n);
  });

  it.each([2 ** 53 + 2, -(2 ** 53) - 2, NaN, Infinity, -Infinity, 1e308])(
    'refuses %d',
    (n) => {
      expect(violationsOf({ data: { n } })).toEqual([
        { path: 'data.n', message: 'must be a finite number within ±2^53' },
      ]);
    },
  );

  it.each<[unknown, string]>([
    [{ nested: 1 }, 'an object or list'],
    [[1], 'an object or list'],
    [new Date(NOW), 'an object or list'],
    [new Map([['a', 1]]), 'an object or list'],
    [Object('boxed'), 'an object or list'],
    [5n, 'a bigint'],
    [Symbol('s'), 'a symbol'],
    [() => 1, 'a function'],
  ])('refuses %o, naming its path', (value, kind) => {
    const [violation, ...others] = violationsOf({ data: { field: value } });
    expect(others).toEqual([]);
    expect(violation?.path).toBe('data.field');
    expect(violation?.message).toContain(`not ${kind}`);
  });

  it.each(['text', 5, true, [], new Date(NOW), () => 1, Symbol('s')])(
    'is a violation when it is %o',
    (data) => {
      expect(violationsOf({ data })).toEqual([
        { path: 'data', message: 'must be an object of fields and values' },
      ]);
    },
  );

  it('repairs text that was cut in the middle of a character', () => {
    expect(sent({ data: { s: 'cut \ud83d' } }).data.s).toBe('cut \ufffd');
  });

  it('shows no name in paths that may be a value', () => {
    const names = ['a b', 'x'.repeat(99), 'ada@example.com', '4917012345'];
    for (const part of ['data', 'identifiers', 'event']) {
      const fields = Object.fromEntries(names.map((name) => [name, {}]));
      const event = part === 'event' ? fields : { [part]: fields };
      expect(pathsOf(event)).toEqual(
        names.map(({ length }) => `${part}[a name of ${length} characters]`),
      );
    }
  });

  it.each([
    '',
    '  ',
    'half \ud83d',
    ' email',
    'email\n',
    'em\u200bail',
    'email\ufeff',
    '__proto__',
  ])('refuses a field named %j', (name) => {
    const fields = JSON.parse(JSON.stringify({ [name]: '1' })) as object;
    expect(pathsOf({ data: fields })).toEqual(['data']);
    expect(pathsOf({ identifiers: fields })).toEqual(['identifiers']);
  });

  it('refuses text that is too long for any event, naming its path', () => {
    const text = 'x'.repeat(1024 * 1024);
    const message =
      'must have at most 524288 characters, like the event as a whole';
    expect(
      violationsOf({
        identifiers: { vuid: text },
        data: { text, order: { order_id: 1, text } },
      }),
    ).toEqual([
      { path: 'identifiers.vuid', message },
      { path: 'data.text', message },
      { path: 'data.order.text', message },
    ]);
  });

  it('refuses an event that is too long with its texts together', () => {
    const text = 'x'.repeat(300 * 1024);
    expect(pathsOf({ data: { text } })).toEqual([]);
    expect(pathsOf({ data: { a: text, b: text } })).toEqual(['event']);
  });
});

describe('data.order', () => {
  it('is copied with its line items', () => {
    const order = {
      order_id: 'o-1',
      total: 20,
      coupon: null,
      items: [
        { product_id: 'p-1', price: 5 },
        { product_id: 42, gift: true },
      ],
    };
    expect(sent({ data: { order } }).data.order).toEqual(order);
  });

  it('may lack items, as a refund does', () => {
    for (const items of [undefined, [], null]) {
      expect(orderOf({ order_id: 1, items })).toEqual([]);
    }
  });

  it('may be null or text', () => {
    expect(sent({ data: { order: null } }).data.order).toBeNull();
    expect(sent({ data: { order: 'o-1' } }).data.order).toBe('o-1');
  });

  it.each([{}, { order_id: '' }, { order_id: null }, { order_id: true }])(
    'needs an order_id: %j',
    (order) => {
      expect(orderOf(order)).toEqual(['data.order.order_id']);
    },
  );

  it('names what is wrong in it by path', () => {
    expect(
      orderOf({
        total: NaN,
        items: [
          { product_id: 'p', price: {} },
          {},
          null,
          { product_id: 5n },
          { product_id: 'p', items: [] },
        ],
      }),
    ).toEqual([
      'data.order.total',
      'data.order.items[0].price',
      'data.order.items[1].product_id',
      'data.order.items[2]',
      'data.order.items[3].product_id',
      'data.order.items[3].product_id',
      'data.order.items[4].items',
      'data.order.order_id',
    ]);
  });

  it.each([{}, 'text', 5, { length: 1, 0: { product_id: 'p' } }])(
    'needs a list of items: %j',
    (items) => {
      expect(orderOf({ order_id: 1, items })).toEqual(['data.order.items']);
    },
  );

  it('refuses more than 10000 items without looking at them', () => {
    const items: unknown[] = [];
    items.length = 2 ** 32 - 1;
    expect(orderOf({ order_id: 1, items })).toEqual(['data.order.items']);
  });

  it('names the gaps of a sparse list', () => {
    const items: unknown[] = [];
    items[2] = { product_id: 'p' };
    expect(orderOf({ order_id: 1, items })).toEqual([
      'data.order.items[0]',
      'data.order.items[1]',
    ]);
  });

  it('ends although a list has another length each time', () => {
    let length = 1;
    const items = new Proxy([{ product_id: 'p' }], {
      get: (target, key) =>
        key === 'length' ? ++length : Reflect.get(target, 0),
    });
    expect(orderOf({ order_id: 1, items })).toEqual([]);
  });

  it('is the only nested value', () => {
    expect(pathsOf({ data: { Order: { order_id: 1 } } })).toEqual([
      'data.Order',
    ]);
    expect(orderOf({ order_id: 1, order: { order_id: 2 } })).toEqual([
      'data.order.order',
    ]);
  });
});

describe('defaults', () => {
  it('are the source and a fresh UUID v4', () => {
    const [first, second] = [make({}), make({})];
    expect(sentOf(first).data).toEqual({
      idempotence_id: expect.stringMatching(UUID_V4) as unknown,
      data_source_type: 'sdk',
      data_source: 'nestjs-optimizely-odp',
      data_source_version: PACKAGE_VERSION,
    });
    expect(first.id).toBe(sentOf(first).data.idempotence_id);
    expect(second.id).not.toBe(first.id);
  });

  it('stamp the time in whole seconds with eventTime', () => {
    expect(sent({}, { eventTime: true }).data.ts).toBe(Math.floor(NOW / 1000));
    expect(sent({}, { eventTime: false }).data).not.toHaveProperty('ts');
    expect(make({}).createdAt).toBe(NOW);
  });

  it("yield to the caller's data", () => {
    const data = {
      idempotence_id: 'mine',
      data_source_type: 'app',
      data_source: null,
      data_source_version: '9',
      ts: 5,
    };
    const made = make({ data }, { eventTime: true });
    expect(sentOf(made).data).toEqual(data);
    expect(made.id).toBe('mine');
  });

  it('stay if the caller says undefined', () => {
    expect(
      sent(
        { data: { ts: undefined, data_source: undefined } },
        { eventTime: true },
      ).data,
    ).toMatchObject({
      ts: Math.floor(NOW / 1000),
      data_source: 'nestjs-optimizely-odp',
    });
  });

  it('are not hidden by what every object inherits', () => {
    const commonData = { constructor: 'c', toString: 't' };
    expect(
      sent(
        { data: { data_source: 'own', toString: undefined } },
        { commonData },
      ).data,
    ).toMatchObject({ data_source: 'own', constructor: 'c', toString: 't' });
  });

  it("hold commonData above the package's and under the event's own", () => {
    const commonData = { shop: 'de', data_source: 'shop', ts: 7 };
    expect(
      sent({ data: { shop: 'fr' } }, { commonData, eventTime: true }).data,
    ).toMatchObject({ shop: 'fr', data_source: 'shop', ts: 7 });
  });

  it.each(['', '  ', null, 5, true, {}])(
    'need an idempotence_id that is text: %j',
    (id) => {
      expect(pathsOf({ data: { idempotence_id: id } })).toEqual([
        'data.idempotence_id',
      ]);
    },
  );
});

describe('what is wrong', () => {
  it('is reported all at once', () => {
    expect(
      pathsOf({
        type: 5,
        action: '',
        identifiers: { email: 5, phone: [] },
        data: { a: {}, b: NaN, order: {} },
      }),
    ).toEqual([
      'type',
      'action',
      'identifiers.email',
      'identifiers.phone',
      'data.a',
      'data.b',
      'data.order.order_id',
    ]);
  });

  it.each([undefined, null, 'text', 5, () => 1])(
    'is the event itself when it is %o',
    (event) => {
      expect(() => makerOf().make(event as unknown as OdpEvent)).toThrow(
        expect.objectContaining<Partial<OdpValidationError>>({
          code: 'invalidEvent',
          violations: [
            {
              path: 'event',
              message: 'must be an object with action and identifiers',
            },
          ],
        }),
      );
    },
  );

  it('never shows a value', () => {
    const secret = 'ada@example.com';
    const broken: Record<string, unknown>[] = [
      { type: secret.repeat(100), action: [secret] },
      { identifiers: secret, data: secret },
      { identifiers: { email: [secret], phone: `${secret}\ud83d` } },
      { data: { a: [secret], idempotence_id: { secret }, order: [secret] } },
      {
        data: {
          order: { order_id: { secret }, items: [secret, { a: [secret] }] },
        },
      },
    ];
    for (const parts of broken) {
      expect(JSON.stringify(violationsOf(parts))).not.toContain('ada@');
      expect(() => make(parts)).toThrow(
        expect.objectContaining({
          message: expect.not.stringContaining('ada@') as unknown,
        }),
      );
    }
  });

  it('is named in part if there is much of it', () => {
    const data = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i): [string, unknown] => [`f${i}`, {}]),
    );
    const violations: readonly OdpViolation[] = violationsOf({ data });
    expect(violations).toHaveLength(1000);
    expect(new OdpValidationError(violations).message).toMatch(
      /data\.f19 must .*; and 980 more\)/,
    );
  });
});

describe('what is passed in', () => {
  it('may be frozen, without a prototype, or of a class with getters', () => {
    class Checkout {
      get action() {
        return 'purchase';
      }
      readonly identifiers = Object.freeze(
        Object.assign(Object.create(null), { vuid: 'v' }) as object,
      );
    }
    const event = Object.freeze(new Checkout());
    expect(sentOf(makerOf().make(event as OdpEvent))).toMatchObject({
      action: 'purchase',
      identifiers: { vuid: 'v' },
    });
  });

  it('is read once', () => {
    const reads: PropertyKey[] = [];
    const watched = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(object, key) {
          reads.push(key);
          const value: unknown = Reflect.get(object, key);
          return typeof value === 'object' && value !== null
            ? watched(value)
            : value;
        },
      });
    make(
      watched({
        action: 'a',
        identifiers: { email: 'e' },
        data: { order: { order_id: 1, items: [{ product_id: 2 }] } },
      }),
    );
    for (const key of ['action', 'email', 'order_id', 'product_id', '0']) {
      expect(reads.filter((one) => one === key)).toHaveLength(1);
    }
  });

  it('may make another event while it is read', () => {
    const maker = makerOf();
    const inner: MadeEvent[] = [];
    const outer = maker.make({
      action: 'outer',
      identifiers: { vuid: 'v1' },
      data: {
        before: 1,
        get a() {
          inner.push(
            maker.make({ action: 'inner', identifiers: { vuid: 'v2' } }),
          );
          return 'own';
        },
      },
    });
    expect(inner.map((made) => sentOf(made).identifiers)).toEqual([
      { vuid: 'v2' },
    ]);
    expect(sentOf(outer)).toMatchObject({
      action: 'outer',
      identifiers: { vuid: 'v1' },
      data: { before: 1, a: 'own', idempotence_id: outer.id },
    });
  });

  it.each(['identifiers', 'data'])('may throw when its %s is read', (part) => {
    expect(
      pathsOf({
        [part]: Object.defineProperty({}, 'a', { get: boom, enumerable: true }),
      }),
    ).toContain(`${part}.a`);
    expect(pathsOf({ [part]: new Proxy({}, { ownKeys: boom }) })).toContain(
      part,
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(pathsOf({ [part]: proxy })).toContain(part);
  });
});

describe('identifier hygiene', () => {
  it.each(['\u200b', '\ufeff \u200d', '\u2060', '\u00ad', '\u3164'])(
    'leaves out one that nobody can see: %j',
    (email) => {
      expect(sent({ identifiers: { email, vuid: 'v' } }).identifiers).toEqual({
        vuid: 'v',
      });
      expect(pathsOf({ identifiers: { email } })).toEqual([
        'identifiers',
        'identifiers.email',
      ]);
    },
  );

  it('trims what surrounds one, and nothing within', () => {
    const identifiers = { email: ' \u200ba b\ufeff\n', 'FS-user-id': ' u ' };
    expect(sent({ identifiers }).identifiers).toEqual({
      email: 'a b',
      fs_user_id: 'u',
    });
  });

  it.each(['undefined', 'null', 'NaN', '[object Object]', ' null '])(
    'refuses what stands for a missing value, unless that is allowed: %j',
    (email) => {
      expect(pathsOf({ identifiers: { email } })).toEqual([
        'identifiers.email',
      ]);
      expect(
        sent({ identifiers: { email } }, { allowPlaceholderIdentifiers: true })
          .identifiers,
      ).toEqual({ email: email.trim() });
    },
  );

  it('says how to pass a Map', () => {
    expect(
      violationsOf({ identifiers: new Map([['email', 'a@b.c']]) }),
    ).toMatchObject([
      { message: expect.stringContaining('Object.fromEntries') as string },
    ]);
  });
});

it('takes ts in seconds only', () => {
  expect(pathsOf({ data: { ts: NOW } })).toEqual(['data.ts']);
  expect(sent({ data: { ts: NOW / 1000 } }).data.ts).toBe(NOW / 1000);
});

it('takes an idempotence_id of at most 128 printable ASCII characters', () => {
  const of = (idempotence_id: string) => pathsOf({ data: { idempotence_id } });
  expect(of('x'.repeat(128))).toEqual([]);
  for (const bad of ['x'.repeat(129), 'é', 'a\n']) {
    expect(of(bad)).toEqual(['data.idempotence_id']);
  }
});

it('names a field that events do not have', () => {
  expect(violationsOf({ properties: 1, absent: undefined })).toMatchObject([
    { path: 'event.properties' },
  ]);
});

describe('what an event is not', () => {
  it('has no other fields', () => {
    expect(violationsOf({ userId: 5, more: undefined })).toEqual([
      {
        path: 'event.userId',
        message:
          'is not a field of an event; move it into data (there are type, action, identifiers, data)',
      },
    ]);
  });

  it('has no misspelt fields', () => {
    expect(violationsOf({ identifer: {} })[0]).toEqual({
      path: 'event.identifer',
      message:
        'is not a field of an event; identifiers is probably meant (there are type, action, identifiers, data)',
    });
  });

  it('throws when it is read', () => {
    const event = Object.defineProperty({ action: 'act' }, 'data', {
      enumerable: true,
      get: () => {
        throw new Error('boom');
      },
    });
    const maker = makerOf();
    expect(() => maker.make(event)).toThrow(OdpValidationError);
    expect(() => maker.make(event)).toThrow(
      'event could not be read (it throws)',
    );
    expect(() => maker.make(5 as unknown as OdpEvent)).toThrow(
      'event must be an object with action and identifiers',
    );
  });
});
