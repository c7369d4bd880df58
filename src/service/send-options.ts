import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { pathOf } from '../names.js';
import type { Duration } from '../options/index.js';

/** How an event is sent. */
export interface SendOdpEventOptions {
  /**
   * Resolve only when ODP has acknowledged the event, and reject when it was
   * given up.
   * @default false
   */
  readonly awaitDelivery?: boolean | undefined;
  /**
   * Reject with `OdpTimeoutError` after this time. An event whose delivery is
   * awaited stays in the outbox; one that a full outbox made wait
   * (`whenFull: 'wait'`) is not accepted.
   * @default as long as it takes, at most `delivery.maxEventAge`
   */
  readonly timeout?: Duration | undefined;
  /**
   * The caller's own database transaction, with `postgresOutbox()`: the event
   * is sent once it commits, and discarded if it rolls back. Anything with
   * `query(text, values)`.
   */
  readonly transaction?: unknown;
  /**
   * `false`: the caller's identifiers are not filled in, for events about
   * somebody else.
   * @default true
   */
  readonly identity?: boolean | undefined;
}

const FLAGS = ['awaitDelivery', 'identity'] as const;
const NAMES: readonly string[] = [...FLAGS, 'timeout', 'transaction'];

/**
 * Checks the options. A misspelt one would silently send an event outside of
 * its transaction, or about the wrong person.
 *
 * @param names those that the method takes
 * @throws OdpValidationError
 */
export function checkSendOptions(
  options: unknown,
  names: readonly string[] = NAMES,
): void {
  if (options === undefined) return;
  const violations: OdpViolation[] = [];
  if (typeof options !== 'object' || options === null) {
    violations.push({ path: 'options', message: 'must be an object' });
  } else {
    for (const name of Object.keys(options)) {
      if (names.includes(name)) continue;
      violations.push({
        path: pathOf('options', name),
        message: `is not an option here; there are ${names.join(', ')}`,
      });
    }
    for (const name of FLAGS) {
      const value = (options as Record<string, unknown>)[name];
      if (value === undefined || typeof value === 'boolean') continue;
      violations.push({
        path: `options.${name}`,
        message: 'must be true or false',
      });
    }
  }
  if (violations.length > 0) throw new OdpValidationError(violations);
}
