import { OdpConfigurationError } from '../errors/index.js';
import type { OdpOutbox } from '../outbox/index.js';

/**
 * The outboxes of an app's accounts. Two accounts that shared a backlog would
 * each send the other's events, with the wrong API key, and nobody would notice.
 */
export class AccountOutboxes {
  readonly #outboxes = new Map<string, OdpOutbox>();

  /**
   * @param account its name
   * @throws OdpConfigurationError when another account keeps its events there
   */
  add(account: string, outbox: OdpOutbox): void {
    for (const [other, its] of this.#outboxes) {
      const option = sharedOption(outbox, its);
      if (option === undefined) continue;
      throw new OdpConfigurationError([
        {
          path: option,
          message: `must differ between the accounts '${other}' and '${account}': they would share one backlog (${outbox.name}), and events would go out with the API key of the wrong account. ${
            option === 'outbox'
              ? 'Make an outbox for each'
              : 'Set it for one of them, to a value of its own'
          }`,
        },
      ]);
    }
    this.#outboxes.set(account, outbox);
  }
}

/** The option that would have to differ; `undefined` if they share nothing. */
function sharedOption(one: OdpOutbox, other: OdpOutbox): string | undefined {
  if (one === other) return 'outbox';
  const [a, b] = [one.store, other.store];
  return a !== undefined &&
    a.option === b?.option &&
    a.place === b.place &&
    a.client === b.client
    ? a.option
    : undefined;
}
