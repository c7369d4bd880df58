import type { ContractCase } from './outbox-contract.js';
import { answerCases } from './transport-contract/answer.cases.js';
import { failureCases } from './transport-contract/failure.cases.js';
import { Stage, type TransportHarness } from './transport-contract/stage.js';

export type { TransportHarness } from './transport-contract/stage.js';

/**
 * What every transport must do, as cases for any test runner; they meet real
 * HTTP servers on loopback:
 *
 * ```ts
 * for (const { name, run } of transportContract({ create: () => new MyTransport() })) {
 *   it(name, run);
 * }
 * ```
 *
 * `run` rejects if the transport does not.
 */
export function transportContract(
  harness: TransportHarness,
): readonly ContractCase[] {
  return [...answerCases, ...failureCases].map(({ name, run }) => ({
    name,
    run: () => Stage.set(harness, run),
  }));
}
