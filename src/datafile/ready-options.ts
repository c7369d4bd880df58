import { OdpConfigurationError, type OdpViolation } from '../errors/index.js';
import type { OdpIntegration } from '../odp/index.js';
import { type Duration, OptionReader } from '../options/index.js';

/** What happens until there is a first datafile. */
export interface ReadyOptions {
  /**
   * How long the boot waits for the first datafile.
   * @default '10s'
   */
  readonly readyTimeout?: Duration | undefined;
  /**
   * What happens to events after that, until there is one: `reject` discards them
   * (`OdpNotReadyError`), `hold` keeps them in the outbox.
   * @default 'reject'
   */
  readonly whenNotReady?: 'reject' | 'hold' | undefined;
}

export const READY_DEFAULTS: Required<ReadyOptions> = {
  readyTimeout: '10s',
  whenNotReady: 'reject',
};

/** Reads the options of either integration. */
export class IntegrationOptionReader<
  T extends ReadyOptions,
> extends OptionReader<T> {
  readonly #name: string;
  readonly #violations: OdpViolation[];

  constructor(name: string, given: unknown, defaults: T) {
    const violations: OdpViolation[] = [];
    super(given, name, defaults, violations);
    this.#name = name;
    this.#violations = violations;
  }

  refuse(option: string, message: string): void {
    this.#violations.push({ path: `${this.#name}.${option}`, message });
  }

  ready(): Pick<OdpIntegration, 'readyTimeout' | 'whenNotReady'> {
    return {
      readyTimeout: this.duration('readyTimeout', 0),
      whenNotReady: this.oneOf('whenNotReady', ['reject', 'hold'] as const),
    };
  }

  /** @throws OdpConfigurationError with every problem */
  check(): void {
    this.refuseUnknown();
    if (this.#violations.length > 0) {
      throw new OdpConfigurationError(this.#violations);
    }
  }
}
