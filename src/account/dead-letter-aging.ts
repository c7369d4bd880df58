import type { Clock } from '../clock.js';
import type { OdpOutbox } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';

/** What it works with. */
export interface DeadLetterAgingParts {
  readonly outbox: OdpOutbox;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** In ms. */
  readonly maxAge: number;
  /** Aborted when the app ends. */
  readonly ended: AbortSignal;
}

/** How often dead letters are looked through at least, in ms. */
const AGING_INTERVAL_MS = 3_600_000;
const MIN_AGING_INTERVAL_MS = 1000;

/**
 * Removes dead letters that have grown too old while no new ones come, whose
 * adding removes them as well.
 */
export function ageDeadLetters(parts: DeadLetterAgingParts): void {
  const { outbox, clock, reporter, maxAge, ended } = parts;
  const interval = Math.min(
    Math.max(maxAge, MIN_AGING_INTERVAL_MS),
    AGING_INTERVAL_MS,
  );
  const remove = async () => {
    try {
      const removed = await outbox.purge({ before: clock.now() - maxAge });
      if (removed > 0) reporter.deadLettersRemoved(removed);
    } catch {
      // An outbox that fails is reported elsewhere; they wait for the next time.
    }
  };
  let callOff = () => {};
  const next = async () => {
    await remove();
    if (ended.aborted) return;
    callOff = clock.schedule(() => void next(), interval, false);
  };
  ended.addEventListener('abort', () => callOff());
  void next();
}
