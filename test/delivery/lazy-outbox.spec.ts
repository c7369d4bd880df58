import { memoryOutbox, type OdpOutbox } from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

/** An outbox that does something only once its answer is awaited, as the queries of Prisma and Knex do. */
function lazy(outbox: OdpOutbox): OdpOutbox {
  return new Proxy(outbox, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      // The port asks this without awaiting the answer.
      if (typeof value !== 'function' || name === 'joinsTransaction')
        return value;
      return (...args: unknown[]) => ({
        // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
        then: (resolve: (value: unknown) => void, reject: () => void) =>
          Promise.resolve()
            .then((): unknown => value.apply(target, args) as unknown)
            .then(resolve, reject),
      });
    },
  });
}

test('an outbox of lazy thenables takes, delivers, retries, gives up and forgets', async () => {
  const { odp, sandbox, clock, arrived, until, close, log } = await startOdpApp(
    { outbox: lazy(memoryOutbox()), delivery: { flushInterval: 0 } },
  );
  sandbox.fail({ status: 503, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  await until('retrying');
  await clock.advance(1000);
  await until('delivered');
  await odp.sendOdpEvents([numbered(2), numbered(3)], { awaitDelivery: true });
  const { clear } = sandbox.fail({ invalid: {} });
  await odp.sendOdpEvent(numbered(4));
  await until('rejected');
  clear();
  expect(await odp.deadLetters.requeue()).toBe(1);
  await until('delivered', 4);
  odp.pause();
  odp.trackOdpEvent(numbered(5));
  await until('accepted', 5);
  expect(await odp.outbox.erase({ n: '5' })).toMatchObject({ pending: 1 });
  expect(await odp.flush()).toEqual({ pending: 0 });
  await close();
  expect(arrived()).toEqual(['1', '2', '3', '4']);
  expect(log.at(-1)?.message).toContain('left=0');
});
