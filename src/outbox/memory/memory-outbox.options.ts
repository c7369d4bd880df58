/** What a full outbox does with one more event. */
export type WhenFull = 'reject' | 'drop-oldest' | 'wait';

/** Options of {@link memoryOutbox}. */
export class MemoryOutboxOptions {
  /**
   * How many undelivered events it holds. Events of more than 4 KiB on average
   * fill it sooner.
   * @default 50000
   */
  readonly capacity: number = 50_000;

  /**
   * `reject`: `sendOdpEvent` rejects with `OdpOutboxFullError`. `drop-oldest`:
   * the oldest waiting event is given up for the new one and reported on `events$`.
   * `wait`: `sendOdpEvent` resolves once there is capacity; `trackOdpEvent`, which
   * nobody can await, drops the event and reports it.
   * @default 'reject'
   */
  readonly whenFull: WhenFull = 'reject';
}
