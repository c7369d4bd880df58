import type { Clock } from '../../src/clock.js';
import {
  type DeliveryLogger,
  RateLimitedLogger,
  Reporter,
} from '../../src/reporting/index.js';

const SILENT = { log() {}, warn() {}, error() {} };

/** A reporter of the default account; nothing is logged unless a logger is given. */
export const quietReporter = (
  clock: Clock,
  logger: DeliveryLogger = SILENT,
): Reporter =>
  new Reporter('default', clock, new RateLimitedLogger(logger, clock));
