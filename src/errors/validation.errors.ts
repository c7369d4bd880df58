import { OdpError } from './odp.error.js';

/** One thing that is wrong, and where. */
export interface OdpViolation {
  /** Where it is, such as `data.order.items[0].product_id`. */
  readonly path: string;
  /** What is wrong and what is allowed. Never holds the value. */
  readonly message: string;
}

/** A hostile event can break rules in every field: the message names this many, `violations` holds all. */
const MAX_NAMED = 20;

/** What is wrong, as text of bounded length. */
export function listViolations(violations: readonly OdpViolation[]): string {
  const named = violations
    .slice(0, MAX_NAMED)
    .map(({ path, message }) => `${path} ${message}`);
  const rest = violations.length - named.length;
  if (rest > 0) named.push(`and ${rest} more`);
  return named.join('; ');
}

/** The event breaks a rule, and nothing was queued; or another request to ODP is invalid, and nothing was sent. */
export class OdpValidationError extends OdpError {
  readonly code = 'invalidEvent';

  constructor(
    /** Everything that is wrong, not only the first. */
    readonly violations: readonly OdpViolation[],
    subject: 'event' | 'customer' | 'request' = 'event',
    advice = 'Correct what each path names and send it again.',
  ) {
    super(
      `The ${subject} is invalid (${listViolations(violations)}). ${advice}`,
    );
  }
}

/** The module's options are wrong; thrown while the app boots. */
export class OdpConfigurationError extends OdpError {
  readonly code = 'invalidConfiguration';

  constructor(
    /** Everything that is wrong, not only the first; `path` names the option or variable. */
    readonly problems: readonly OdpViolation[],
  ) {
    super(
      `OptimizelyOdpModule is misconfigured (${listViolations(problems)}). Correct these options and start again.`,
    );
  }
}
