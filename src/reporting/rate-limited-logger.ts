import type { Clock } from '../clock.js';
import { type DeliveryLogger, GuardedLogger } from './guarded-logger.js';

/** Lines of one kind are logged at most once in this time, in ms. */
const WINDOW_MS = 10_000;

interface Kind {
  readonly since: number;
  held: number;
}

/**
 * Logs the first line of each kind at once, then at most one every ten seconds,
 * with how many were left out: an outage must not flood the log. Guarded like
 * {@link GuardedLogger}.
 */
export class RateLimitedLogger {
  readonly #logger: GuardedLogger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();

  constructor(logger: DeliveryLogger, clock: Clock) {
    this.#logger = new GuardedLogger(logger);
    this.#clock = clock;
  }

  /** @param kind lines of one kind share a limit */
  log(kind: string, message: () => string): void {
    this.#limited('log', kind, message);
  }

  /** @param kind lines of one kind share a limit */
  warn(kind: string, message: () => string): void {
    this.#limited('warn', kind, message);
  }

  /** @param kind lines of one kind share a limit */
  error(kind: string, message: () => string): void {
    this.#limited('error', kind, message);
  }

  /** @param kind lines of one kind share a limit */
  debug(kind: string, message: () => string): void {
    this.#limited('debug', kind, message);
  }

  /** For rare events that deserve a line each time. */
  unlimited(level: keyof DeliveryLogger, message: string): void {
    this.#logger[level](message);
  }

  /** The next line of this kind is logged at once. */
  forget(kind: string): void {
    this.#kinds.delete(kind);
  }

  #limited(
    level: keyof DeliveryLogger,
    kind: string,
    message: () => string,
  ): void {
    const now = this.#clock.monotonic();
    const last = this.#kinds.get(kind);
    if (last !== undefined && now - last.since < WINDOW_MS) {
      last.held++;
      return;
    }
    this.#kinds.set(kind, { since: now, held: 0 });
    const held = last?.held ?? 0;
    this.#logger[level](
      held === 0
        ? message()
        : `${message()} (and ${held} like it since the last such line)`,
    );
  }
}
