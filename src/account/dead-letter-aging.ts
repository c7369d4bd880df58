import type { Clock } from '../clock.js';
import type { OdpOutbox } from '../outbox/index.js';

/** How often old dead letters are removed at least, in ms. */
const AGING_INTERVAL_MS = 3_600_000;
const MIN_AGING_INTERVAL_MS = 1000;

/**
 * Removes dead letters that have grown too old. Adding new ones does so as
 * well; this is for when there are none.
 *
 * @param maxAge in ms
 * @param ended aborted when the app ends
 */
export function ageDeadLetters(
  outbox: OdpOutbox,
  maxAge: number,
  clock: Clock,
  ended: AbortSignal,
): void {
  const interval = Math.min(
    Math.max(maxAge, MIN_AGING_INTERVAL_MS),
    AGING_INTERVAL_MS,
  );
  const remove = async () => {
    try {
      await outbox.trimDeadLetters();
    } catch {
      // An outbox that fails is reported elsewhere; the next run removes them.
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
