import * as fc from 'fast-check';
import { it } from 'vitest';
import type { OdpOutbox } from '../../src/index.js';
import { outboxContract } from '../../src/testing/index.js';
import { anySteps, followsModel } from './shared-outbox-model.js';

/** One kind of outbox that instances share, on a server. */
export interface SharedOutboxHarness {
  /** One more instance over the same events, not yet opened. */
  instance(): OdpOutbox;
  /** Forgets all events, so that the next instance finds none. */
  empty(): unknown;
  /** Makes that many ms pass for the server. */
  passTime(ms: number): Promise<void>;
  /** How many random runs are compared with the model. */
  readonly runs: number;
}

/** What every outbox that instances share must do. */
export function sharedOutboxSuite({
  instance,
  empty,
  passTime,
  runs,
}: SharedOutboxHarness): void {
  for (const { name, run } of outboxContract({
    async create() {
      await empty();
      return instance();
    },
    reopen: instance,
    shared: true,
    advance: passTime,
  })) {
    it(name, run);
  }

  it('follows the model, whatever two instances do', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        await empty();
        await followsModel([instance(), instance()], passTime, steps);
      }),
      { numRuns: runs },
    );
  });
}
