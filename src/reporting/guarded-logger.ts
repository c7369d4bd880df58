import { AsyncLocalStorage } from 'node:async_hooks';
import { oneLine } from './one-line.js';

/** What is used of Nest's `Logger`. */
export interface DeliveryLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug?(message: string): void;
}

/**
 * Hands lines to the app's logger, one line each, in no request's async context.
 * A logger that throws, as pino does once "the worker has exited", does no harm.
 */
export class GuardedLogger implements DeliveryLogger {
  readonly #logger: DeliveryLogger;
  readonly #detached = AsyncLocalStorage.snapshot();

  constructor(logger: DeliveryLogger) {
    this.#logger = logger;
  }

  log(message: string): void {
    this.#write('log', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  error(message: string): void {
    this.#write('error', message);
  }

  debug(message: string): void {
    this.#write('debug', message);
  }

  #write(level: keyof DeliveryLogger, message: string): void {
    try {
      this.#detached(() => this.#logger[level]?.(oneLine(message)));
    } catch {
      // There is nowhere left to report it.
    }
  }
}
