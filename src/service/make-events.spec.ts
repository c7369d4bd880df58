import { describe, expect, it } from 'vitest';
import { OdpValidationError } from '../errors/index.js';
import type { MadeEvent, OdpEvent } from '../events/index.js';
import { makeEvents } from './make-events.js';

const made = (id: string): MadeEvent => ({ id, payload: '{}', createdAt: 0 });

/** Makes what has an action; withholds what is called `secret`. */
const make = ({ action }: OdpEvent) => {
  if (action === '') {
    throw new OdpValidationError([
      { path: 'action', message: 'must not be blank' },
    ]);
  }
  return action === 'secret' ? undefined : made(action);
};

const events = (...actions: string[]) =>
  actions.map((action) => ({ action, identifiers: {} }));

describe('a list of events', () => {
  it('is made in order', async () => {
    await expect(makeEvents(events('a', 'b'), make)).resolves.toEqual({
      made: [made('a'), made('b')],
      sent: [{ id: 'a' }, { id: 'b' }],
    });
  });

  it('is refused for a single violation', async () => {
    const error: unknown = await makeEvents(events('a', '', 'c'), make).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OdpValidationError);
    expect(error).toMatchObject({
      violations: [{ path: '[1].action', message: 'must not be blank' }],
    });
  });

  it('names the violations of all events', async () => {
    await expect(makeEvents(events('', 'b', ''), make)).rejects.toMatchObject({
      violations: [{ path: '[0].action' }, { path: '[2].action' }],
    });
  });

  it('answers for a withheld event, and makes the others', async () => {
    const { made: kept, sent } = await makeEvents(
      events('a', 'secret', 'c'),
      make,
    );
    expect(kept).toEqual([made('a'), made('c')]);
    expect(sent).toEqual([
      { id: 'a' },
      { id: expect.any(String) as unknown, withheld: true },
      { id: 'c' },
    ]);
  });

  it('is made before the caller goes on, however long it is', async () => {
    const list = events(...Array.from({ length: 500 }, (_, n) => `n${n}`));
    const pending = makeEvents(list, make);
    list.length = 0;
    expect((await pending).made).toHaveLength(500);
  });

  it.each([undefined, null, {}, 'events'])('%j is no list', async (given) => {
    await expect(makeEvents(given, make)).rejects.toMatchObject({
      violations: [{ path: 'events', message: 'must be a list of events' }],
    });
  });

  it('does not hide what else is thrown', async () => {
    await expect(
      makeEvents(events('a'), () => {
        throw new TypeError('broken');
      }),
    ).rejects.toThrow(TypeError);
  });
});
