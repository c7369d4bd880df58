import { describe, expect, it } from 'vitest';
import { OdpValidationError } from '../errors/index.js';
import { lastLook, type OdpBeforeSend } from './before-send.js';
import type { OdpEvent } from './event.js';

const EVENT = { action: 'a', identifiers: { email: 'ada' } };

function look(
  beforeSend: (event: OdpEvent) => unknown,
  event: OdpEvent = EVENT,
  caller?: unknown,
  allowPlaceholderIdentifiers = false,
) {
  const problems: string[] = [];
  const looked = lastLook(
    event,
    caller,
    {
      beforeSend: beforeSend as OdpBeforeSend,
      allowPlaceholderIdentifiers,
    },
    (how) => problems.push(how),
  );
  return { looked, problems };
}
const asItIs = (event: OdpEvent) => event;

describe('what beforeSend returns', () => {
  it.each([undefined, null])('withholds the event if it is %j', (result) => {
    expect(look(() => result)).toEqual({ looked: undefined, problems: [] });
  });

  it('is sent if it is an event', () => {
    const other = { action: 'b' };
    expect(look(() => other)).toEqual({ looked: other, problems: [] });
  });

  it.each([
    [() => 5, 'returned neither an event nor undefined'],
    [() => 'text', 'returned neither an event nor undefined'],
    [
      () => Promise.reject(new Error('no')),
      'returned a promise, but an event cannot wait for it',
    ],
  ])('is a mistake if %o makes it', (beforeSend, problem) => {
    expect(look(beforeSend)).toEqual({
      looked: undefined,
      problems: [problem],
    });
  });

  it('may not come because it throws', () => {
    const throws = () => {
      throw new RangeError('ada');
    };
    expect(look(throws)).toEqual({
      looked: undefined,
      problems: ['threw RangeError'],
    });
  });
});

describe('the event that beforeSend gets', () => {
  it('is a copy, however deep', () => {
    class Cart {
      readonly total = 1;
      get twice() {
        return 2 * this.total;
      }
    }
    const when = new Date(0);
    const cart = new Cart();
    const event = {
      action: 'a',
      identifiers: { email: 'ada' },
      data: { order: { order_id: 1, items: [{ product_id: 2 }] }, cart, when },
    };
    const { looked } = look(asItIs, event as unknown as OdpEvent);
    const copy = looked as unknown as typeof event;
    expect(copy).toEqual(event);
    expect(copy).not.toBe(event);
    expect(copy.data.order.items[0]).not.toBe(event.data.order.items[0]);
    expect(copy.data.cart).not.toBe(cart);
    expect(copy.data.cart.twice).toBe(2);
    expect(copy.data.when).toBe(when);
    expect(Object.getOwnPropertyDescriptor(copy.data, 'when')).toEqual({
      value: when,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  });

  it.each([
    ['objects', { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } }],
    ['lists', [[[[[[[1]]]]]]]],
  ])(
    'is copied as deep as an event may be, and no deeper, in %s',
    (_, deep) => {
      const { looked } = look(asItIs, { action: 'a', data: deep } as never);
      let own: unknown = deep;
      let copy: unknown = looked?.data;
      let levels = 0;
      while (own !== copy && typeof own === 'object' && own !== null) {
        [own] = Object.values(own) as unknown[];
        [copy] = Object.values(copy as object) as unknown[];
        levels++;
      }
      expect(levels).toBe(4);
    },
  );

  it('has what the caller fills in, unless it is about somebody else', () => {
    const { looked } = look(asItIs, EVENT, { vuid: 'v', email: 'ada' });
    expect(looked?.identifiers).toEqual({ email: 'ada', vuid: 'v' });
    const other = look(asItIs, EVENT, { vuid: 'v', email: 'bob' });
    expect(other.looked).toEqual(EVENT);
    expect(look(asItIs, EVENT).looked).toEqual(EVENT);
    const none = { action: 'a' };
    expect(look(asItIs, none, {}).looked).toEqual(none);
    expect(look(asItIs, none, {}).looked).not.toHaveProperty('identifiers');
  });

  it('has its own identifiers as they were given', () => {
    const own = { email: ' ada ', 'FS-USER-ID': '1' };
    const event = { action: 'a', identifiers: own };
    expect(look(asItIs, event, {}).looked?.identifiers).toEqual(own);
    expect(look(asItIs, event, { vuid: 'v' }).looked?.identifiers).toEqual({
      ...own,
      vuid: 'v',
    });
  });

  it('is about the caller, too, if what both are called looks like a placeholder', () => {
    const event = { action: 'a', identifiers: { email: ' null ' } };
    const caller = { email: 'null', vuid: 'v' };
    expect(look(asItIs, event, caller, true).looked?.identifiers).toEqual({
      email: ' null ',
      vuid: 'v',
    });
  });

  it('keeps what is wrong with its own identifiers for the rules', () => {
    const event = { action: 'a', identifiers: { email: 'null', phone: 5 } };
    const { looked } = look(asItIs, event as never, { vuid: 'v' });
    expect(looked?.identifiers).toEqual({ email: 'null', phone: 5, vuid: 'v' });
    const same = look(asItIs, event as never, { email: 'null' }, true);
    expect(same.looked?.identifiers).toEqual({ email: 'null', phone: 5 });
  });

  it('is refused if identity says what no identifier may be', () => {
    expect(() => look(asItIs, EVENT, { vuid: 5 })).toThrow(OdpValidationError);
    expect(() => look(asItIs, EVENT, { vuid: 5 })).toThrow('identity.vuid');
    expect(() => look(asItIs, EVENT, { vuid: 'null' })).toThrow(
      'identity.vuid',
    );
    expect(
      look(asItIs, EVENT, { vuid: 'null' }, true).looked?.identifiers,
    ).toMatchObject({ vuid: 'null' });
  });

  it('is refused if it cannot be read', () => {
    const event = Object.defineProperty({ action: 'a' }, 'data', {
      enumerable: true,
      get: () => {
        throw new Error('boom');
      },
    });
    expect(() => look(asItIs, event)).toThrow(
      'event could not be read (it throws)',
    );
  });
});
