import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import {
  appendUntilStopped,
  deliverAll,
  failureOf,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { sharedStores } from '../../support/shared-stores.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { OdpOutboxError } from '../../../src/errors/index.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const stores = await sharedStores();
if (stores.length === 0) it.skip('there is no server here');

describe.each(stores)('$name: the store is away', (store) => {
  const { service } = store;

  afterAll(() => service.stop());

  /** An outbox behind a line that can be cut. */
  async function behindProxy() {
    const proxy = await TcpProxy.before(service.url);
    cleanups.push(() => proxy.cut());
    const place = store.place(service.url);
    cleanups.push(() => place.remove());
    return { proxy, outbox: place.instance(proxy.url(service.url)) };
  }

  it('refuses events meanwhile, keeps every accepted one, and goes on by itself', async () => {
    const { proxy, outbox } = await behindProxy();
    await outbox.open(quietContext());
    const callers = appendUntilStopped(outbox);
    await callers.until(() => callers.accepted.length > 200);
    await proxy.cut();
    await callers.until(() => callers.refused.length > 50);
    await proxy.restore();
    const soFar = callers.accepted.length;
    await callers.until(() => callers.accepted.length > soFar + 200);
    await callers.stop();
    for (const error of callers.refused) {
      expect(error).toBeInstanceOf(OdpOutboxError);
    }
    const { claimed } = await deliverAll([outbox]);
    const delivered = new Set(claimed);
    expect(callers.accepted.filter((id) => !delivered.has(id))).toEqual([]);
    await outbox.close();
  });

  it('tells all who wait within 5 s, however many they are, and takes in no more than it can hold', async () => {
    const { proxy, outbox } = await behindProxy();
    await outbox.open(quietContext());
    await outbox.append(someEvents(1));
    proxy.silence();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked = Array.from({ length: 3000 }, (_, i) =>
      failureOf(() => outbox.append(someEvents(1, `${i}`))),
    );
    const others = [
      failureOf(() => outbox.append(someEvents(97_000))),
      failureOf(() => outbox.claim({ limit: 9, lease: 60_000 })),
      failureOf(() => outbox.counts()),
    ];
    expect(
      String(await failureOf(() => outbox.append(someEvents(1, 'more')))),
    ).toMatch(/100000 events .*are waiting for/);
    await vi.advanceTimersByTimeAsync(5000);
    for (const error of await Promise.all([...asked, ...others])) {
      expect(error).toBeInstanceOf(OdpOutboxError);
      expect(String(error)).toMatch(/did not answer.*within 5000 ms.*unknown/);
    }
    vi.useRealTimers();
    await proxy.restore();
    await vi.waitFor(async () => {
      await outbox.append(someEvents(1));
    });
    await outbox.close();
  });

  it('fails to open, and can be opened later', async () => {
    // The client's own timers must go on, so time only goes faster.
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout'],
      shouldAdvanceTime: true,
    });
    const { proxy, outbox } = await behindProxy();
    await proxy.cut();
    const opened = failureOf(() => outbox.open(quietContext()));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await opened).toBeInstanceOf(OdpOutboxError);
    await proxy.restore();
    await outbox.open(quietContext());
    await outbox.append(someEvents(1));
    await outbox.close();
  });

  it('closes all the same', async () => {
    const { proxy, outbox } = await behindProxy();
    await outbox.open(quietContext());
    await proxy.cut();
    await outbox.close();
  });

  it('finds every accepted event again when the server was killed', async ({
    skip,
  }) => {
    const own = await store.startOwn();
    if (own === undefined) {
      skip('it is not installed here');
      return;
    }
    cleanups.push(() => own.stop());
    const place = store.place(own.url);
    cleanups.push(() => place.remove());
    const outbox = place.instance();
    await outbox.open(quietContext());
    const callers = appendUntilStopped(outbox);
    await callers.until(() => callers.accepted.length > 200);
    await own.kill();
    await callers.until(() => callers.refused.length > 20);
    await own.start();
    const soFar = callers.accepted.length;
    await callers.until(() => callers.accepted.length > soFar + 100);
    await callers.stop();
    const { claimed } = await deliverAll([outbox]);
    const delivered = new Set(claimed);
    expect(callers.accepted.filter((id) => !delivered.has(id))).toEqual([]);
    await outbox.close();
  });
});
