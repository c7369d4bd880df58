import { OdpOutboxError } from '../../errors/index.js';
import { withDeadline } from '../deadline.js';
import { isRolledBackByOthers, sqlError } from './sql-error.js';

/** How long an answer may take, in ms. */
export const ANSWER_TIMEOUT_MS = 5000;

/** The same for what may touch many rows, in ms. */
export const LONG_TIMEOUT_MS = 60_000;

/** What is used of a driver's pool and its connections. */
export interface SqlDriver<Connection extends EmitsErrors> {
  /** For messages, such as `Postgres`. */
  readonly server: string;
  /** The pool itself, the same object for everything that works through it. */
  readonly pool: unknown;
  /** Whether the app has ended the pool. */
  poolEnded(): boolean;
  /** Takes a connection from the pool, whose errors are {@link ignore}d from its first moment on. */
  connect(): Promise<Connection>;
  /** Returns a connection to the pool. */
  release(connection: Connection): void;
  /** Closes a connection whose state is unknown. */
  discard(connection: Connection): void;
}

/** A connection that would end the process if it broke and nobody listened. */
export interface EmitsErrors {
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** The server did not answer in time, and will not answer other callers either. */
export class NoAnswerError extends OdpOutboxError {
  constructor(server: string, ms: number) {
    super(
      `${server} did not answer (or the pool had no connection) within ${ms} ms; whether it did what was asked is unknown. ${check(server)}`,
    );
    // Callers expect the class that is documented.
    this.name = 'OdpOutboxError';
  }
}

/** The pool has handed out a connection with a transaction of the app's, which nobody is going to commit. */
export class OpenTransactionError extends OdpOutboxError {
  constructor() {
    super(
      'The pool hands out connections inside a transaction, so nothing would be stored. End each transaction before its connection goes back to the pool.',
    );
    // Callers expect the class that is documented.
    this.name = 'OdpOutboxError';
  }
}

/** How many connections in a row may have an open transaction. */
const MAX_OPEN = 10;

/** What does not depend on the driver's kind of connection. */
export type SqlDatabase = Pick<
  Database<EmitsErrors>,
  'server' | 'pool' | 'poolEnded' | 'errorOf'
>;

/** Runs work on connections of the app's pool, so that nobody waits forever and nothing crashes the process. */
export class Database<Connection extends EmitsErrors> {
  readonly #driver: SqlDriver<Connection>;

  constructor(driver: SqlDriver<Connection>) {
    this.#driver = driver;
  }

  get server(): string {
    return this.#driver.server;
  }

  get pool(): unknown {
    return this.#driver.pool;
  }

  get poolEnded(): boolean {
    return this.#driver.poolEnded();
  }

  /**
   * Runs work, and retries it if the server rolled it back in favour of another
   * transaction. If it fails, its connection is discarded together with whatever it
   * had started; it is retried on another if that one was inside a transaction of
   * the app's, whose rollback would undo the work.
   *
   * @throws OdpOutboxError when the server is away, refuses, or does not answer within `timeout` ms
   */
  async run<T>(
    work: (connection: Connection) => Promise<T>,
    timeout = ANSWER_TIMEOUT_MS,
  ): Promise<T> {
    const { server } = this;
    const givenUp = new AbortController();
    try {
      return (await withDeadline(
        this.#outsideOfTransactions(givenUp.signal, (connection) =>
          untilSerialised(() => work(connection)),
        ),
        timeout,
        () => new NoAnswerError(server, timeout),
      )) as T;
    } catch (error) {
      givenUp.abort();
      throw this.errorOf(error);
    }
  }

  /** What the server or a library threw, as an error of this package. */
  errorOf(error: unknown): OdpOutboxError {
    return sqlError(this.server, error, check(this.server));
  }

  async #outsideOfTransactions<T>(
    givenUp: AbortSignal,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T | undefined> {
    for (let left = MAX_OPEN; ; left--) {
      try {
        return await this.#borrow(givenUp, work);
      } catch (error) {
        if (!(error instanceof OpenTransactionError) || left === 0) throw error;
      }
    }
  }

  async #borrow<T>(
    givenUp: AbortSignal,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T | undefined> {
    const driver = this.#driver;
    const connection = await driver.connect();
    const release = () => {
      connection.off('error', ignore);
      driver.release(connection);
    };
    if (givenUp.aborted) {
      release();
      return undefined;
    }
    let result: T;
    const discard = () => driver.discard(connection);
    givenUp.addEventListener('abort', discard);
    try {
      result = await work(connection);
    } catch (error) {
      if (!givenUp.aborted) discard();
      throw error;
    } finally {
      givenUp.removeEventListener('abort', discard);
    }
    if (!givenUp.aborted) release();
    return result;
  }
}

const check = (server: string) =>
  `Check that ${server} runs, can be reached and lets this user access the table; what was accepted before is not affected.`;

/** A server rolls back one of two conflicting transactions, which may be retried. */
async function untilSerialised<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isRolledBackByOthers(error)) throw error;
    }
  }
}

/** A connection that breaks while checked out emits an event. Whoever works with it learns so, too, and discards it. */
export const ignore = () => {};
