/** Options of {@link fileOutbox}. */
export class FileOutboxOptions {
  /**
   * The directory to keep events in, created if it is missing. It belongs to one
   * outbox of one process: give each account and each worker its own, for example
   * with the worker's id in its name.
   */
  readonly path!: string;

  /**
   * How many undelivered events it holds, so that a long outage cannot fill the
   * disk. Events of more than 1 KiB on average fill it sooner.
   * @default 10000000
   */
  readonly capacity: number = 10_000_000;
}
