import { OdpOutboxError } from '../errors/index.js';
import type { Clock } from '../clock.js';

/** How dead letters are requeued bit by bit. */
export interface RequeueRate {
  readonly perSecond: number;
  /** At most this many: events that are given up again would go round forever. */
  readonly most: number;
  readonly clock: Clock;
  /** Aborted when the app ends. */
  readonly ended: AbortSignal;
  /** Requeues at most `limit` of them; returns how many. */
  requeue(limit: number): Promise<number>;
}

/** How often a portion of at least one event is requeued, in ms. */
const PORTION_INTERVAL_MS = 100;

/**
 * Requeues dead letters at a rate.
 *
 * @returns how many
 * @throws OdpOutboxError when the app ends meanwhile
 */
export async function requeueAtRate({
  perSecond,
  most,
  clock,
  ended,
  requeue,
}: RequeueRate): Promise<number> {
  const portion = Math.ceil((perSecond * PORTION_INTERVAL_MS) / 1000);
  const start = clock.monotonic();
  for (let sum = 0; ;) {
    if (ended.aborted) throw endedMeanwhile(sum);
    const limit = Math.min(portion, most - sum);
    const count = limit > 0 ? await requeue(limit) : 0;
    sum += count;
    if (count < limit || sum >= most) return sum;
    const dueAt = start + (sum / perSecond) * 1000;
    await wait(clock, dueAt - clock.monotonic(), ended);
  }
}

function wait(clock: Clock, ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      ended.removeEventListener('abort', done);
      resolve();
    };
    const stop = clock.schedule(done, Math.max(ms, 0), true);
    ended.addEventListener('abort', done);
  });
}

const endedMeanwhile = (count: number) =>
  new OdpOutboxError(
    `The app ended after ${count} dead letters were requeued. Requeue the others after the next start.`,
  );
