import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { copyIdentifiers, type OdpIdentifiers } from '../events/index.js';
import { watched } from '../watched-promise.js';
import type { ErasedEvents } from '../outbox/index.js';

/** What operators may do with waiting events: `odp.outbox`. */
export class OdpOutboxAdmin {
  readonly #erase: (
    identifiers: Record<string, string>,
  ) => Promise<ErasedEvents>;

  readonly #unawaited: (error: unknown) => void;

  /**
   * @internal `OptimizelyOdpModule` makes it: use `odp.outbox`.
   * @param unawaited is given a rejection that nobody awaits
   */
  constructor(
    erase: (identifiers: Record<string, string>) => Promise<ErasedEvents>,
    unawaited: (error: unknown) => void,
  ) {
    this.#erase = erase;
    this.#unawaited = unawaited;
  }

  /**
   * Forgets a customer, as the GDPR entitles them to: removes every waiting
   * event and dead letter that names one of these identifiers with exactly this
   * value. Events in a request that is under way may still reach ODP.
   *
   * @returns how many were removed
   * @throws OdpValidationError when no identifier is named
   * @throws OdpOutboxError when the outbox fails, or is not open
   */
  erase(identifiers: OdpIdentifiers): Promise<ErasedEvents> {
    return watched(this.#checkAndErase(identifiers), this.#unawaited);
  }

  async #checkAndErase(identifiers: OdpIdentifiers): Promise<ErasedEvents> {
    const problems: OdpViolation[] = [];
    const named = copyIdentifiers(identifiers, 'identifiers', problems, true);
    if (problems.length === 0 && Object.keys(named).length === 0) {
      problems.push({
        path: 'identifiers',
        message: 'must name at least one identifier, such as { email }',
      });
    }
    if (problems.length > 0) throw new OdpValidationError(problems);
    return this.#erase(named);
  }
}
