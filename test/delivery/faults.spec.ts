import { Test } from '@nestjs/testing';
import * as fc from 'fast-check';
import {
  memoryOutbox,
  OdpService,
  OptimizelyOdpModule,
} from 'nestjs-optimizely-odp';
import { type OdpFault, OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { expect, test } from 'vitest';

const POISON = 'poison';

const fault = fc.oneof<fc.Arbitrary<OdpFault>[]>(
  fc.record({
    status: fc.constantFrom(408, 425, 429, 500, 502, 503),
    share: fc.double({ min: 0.1, max: 0.6, noNaN: true }),
  }),
  fc.record({
    reset: fc.constantFrom('before' as const, 'after' as const),
    share: fc.double({ min: 0.1, max: 0.4, noNaN: true }),
  }),
  fc.record({
    status: fc.constantFrom(401, 403, 404),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    hang: fc.constant(true as const),
    times: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({
    latency: fc.integer({ min: 1, max: 5 }),
    share: fc.constant(0.5),
  }),
);

test('whatever goes wrong, every good event arrives, no bad one does, and repeats keep their id', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 4 }),
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(),
      async (faults, count, batchSize, maxConcurrentRequests, seed) => {
        const sandbox = await OdpSandbox.start({ random: lehmer(seed) });
        sandbox.fail({ invalid: { action: POISON } });
        for (const one of faults) sandbox.fail(one);
        const module = await Test.createTestingModule({
          imports: [
            OptimizelyOdpModule.forRoot({
              apiKey: 'key',
              apiHost: sandbox.url,
              outbox: memoryOutbox({ capacity: 50, whenFull: 'wait' }),
              delivery: {
                batchSize,
                maxConcurrentRequests,
                flushInterval: 0,
                // Short only where an answer never comes: the machine may be slow.
                requestTimeout: faults.some((one) => 'hang' in one)
                  ? 200
                  : '30s',
                retry: { delay: 1, maxDelay: 4 },
              },
            }),
          ],
        })
          .setLogger({ log: () => {}, warn: () => {}, error: () => {} })
          .compile();
        await module.init();
        const odp = module.get(OdpService);
        const bad = (n: number) => n % 17 === 3;
        const sent = await Promise.all(
          Array.from({ length: count }, (_, n) =>
            odp.sendOdpEvent({
              action: bad(n) ? POISON : 'good',
              identifiers: { n: String(n) },
            }),
          ),
        );
        // One that finds the account misconfigured again and again ends early.
        while ((await odp.flush()).pending > 0);
        const good = new Set(
          sent.filter((_, n) => !bad(n)).map(({ id }) => id),
        );
        const arrived = sandbox
          .events()
          .map(({ event }) => event.data.idempotence_id as string);
        expect(new Set(arrived)).toEqual(good);
        const lostAnswers = faults.some(
          (one) => 'reset' in one || 'hang' in one,
        );
        if (!lostAnswers) expect(arrived).toHaveLength(good.size);
        expect(odp.stats()).toMatchObject({
          accepted: count,
          delivered: good.size,
          rejected: count - good.size,
          expired: 0,
          dropped: 0,
          pending: 0,
          inFlight: 0,
        });
        await module.close();
        await sandbox.close();
      },
    ),
    { numRuns: 25 },
  );
});

/** A small generator of chance that can be repeated (Lehmer's). */
function lehmer(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
