import { concurrencyCases } from './outbox-contract/concurrency.cases.js';
import { deadLetterCases } from './outbox-contract/dead-letter.cases.js';
import { durabilityCases } from './outbox-contract/durability.cases.js';
import { edgeCases } from './outbox-contract/edge.cases.js';
import { leaseCases } from './outbox-contract/lease.cases.js';
import { type OutboxHarness, Stage } from './outbox-contract/stage.js';
import { storageCases } from './outbox-contract/storage.cases.js';

export type { OutboxHarness } from './outbox-contract/stage.js';

/** One thing that an outbox must do. */
export interface ContractCase {
  /** What it must do, such as `hands out the oldest events first`. */
  readonly name: string;
  /** Runs it; rejects with an `AssertionError` if the outbox does not. */
  run(): Promise<void>;
}

/**
 * What every outbox must do, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of outboxContract({ create: () => new MyOutbox() })) {
 *   it(name, run);
 * }
 * ```
 *
 * Cases that need what the harness does not offer (`reopen`, `shared`) are left
 * out. Run them one after another: a case begins with `create()`.
 */
export function outboxContract(
  harness: OutboxHarness,
): readonly ContractCase[] {
  return [
    ...storageCases,
    ...leaseCases,
    ...deadLetterCases,
    ...concurrencyCases,
    ...durabilityCases,
    ...edgeCases,
  ]
    .filter(
      ({ needs }) =>
        needs === undefined ||
        (harness.reopen !== undefined &&
          (needs === 'reopen' || harness.shared === true)),
    )
    .map(({ name, run }) => ({ name, run: () => Stage.set(harness, run) }));
}
