import {
  type Client,
  createInstance,
  createLogger,
  createPollingProjectConfigManager,
  DEBUG,
  LogLevel,
} from '@optimizely/optimizely-sdk';
import { type Clock, systemClock } from '../clock.js';
import type { OdpIntegrationState } from '../odp/index.js';
import { watchClient } from './optimizely-client.js';
import { isFetchBegun, isOfFetching, problemOf } from './sdk-log.js';

/** Which datafile to watch. */
export interface WatchedDatafile {
  readonly sdkKey: string;
  readonly accessToken: string | undefined;
  readonly address: string;
  /** In ms. */
  readonly pollInterval: number;
}

/** The first wait before a client that failed for good is replaced, in ms. */
const MIN_RESTART_DELAY_MS = 1000;
/** How long a request for the datafile may take; the SDK itself waits a minute for a first byte. */
const FETCH_TIMEOUT_MS = 90_000;
const HANGS = `was not answered completely within ${FETCH_TIMEOUT_MS} ms`;
/** The longest that a timer waits. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * Watches a datafile with a client of the official SDK. The client gives up for
 * good if its first datafile is broken, and stops polling once an answer is cut
 * off; then another client replaces it.
 */
export class DatafileWatch {
  readonly #datafile: WatchedDatafile;
  readonly #listener: (state: OdpIntegrationState) => void;
  readonly #clock: Pick<Clock, 'schedule'>;
  #client: Client | undefined;
  /** The number of the client; what earlier ones still report is ignored. */
  #turn = 0;
  #restarts = 0;
  #closed = false;
  /** Calls off the next restart. */
  #callOff = () => {};

  constructor(
    datafile: WatchedDatafile,
    listener: (state: OdpIntegrationState) => void,
    clock: Pick<Clock, 'schedule'> = systemClock,
  ) {
    this.#datafile = datafile;
    this.#listener = listener;
    this.#clock = clock;
    this.#start();
  }

  /** Aborts what is under way. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #start(): void {
    const { sdkKey, accessToken, address, pollInterval } = this.#datafile;
    const turn = ++this.#turn;
    const isHeard = () => turn === this.#turn && !this.#closed;
    const client = createInstance({
      projectConfigManager: createPollingProjectConfigManager({
        sdkKey,
        autoUpdate: true,
        updateInterval: pollInterval,
        urlTemplate: address,
        ...(accessToken === undefined
          ? {}
          : { datafileAccessToken: accessToken }),
      }),
      logger: createLogger({
        level: DEBUG,
        logHandler: {
          log: (level, line) => {
            if (isHeard()) this.#heard(level, line);
          },
        },
      }),
    });
    this.#client = client;
    watchClient(client, this.#listener);
    client.onReady({ timeout: FOR_EVER_MS }).then(
      () => {
        this.#restarts = 0;
      },
      () => {
        if (isHeard()) this.#failed();
      },
    );
  }

  #stop(): void {
    this.#callOff();
    // Requests under way end at once; the promise of a client that failed for good never settles.
    this.#client?.close().catch(() => {});
  }

  #startAgainAfter(delay: number, problem?: string): void {
    this.#callOff();
    this.#callOff = this.#clock.schedule(
      () => {
        if (problem !== undefined) {
          this.#listener({ kind: 'unusable', problem });
        }
        this.#stop();
        this.#start();
      },
      delay,
      false,
    );
  }

  #failed(): void {
    const delay = MIN_RESTART_DELAY_MS * 2 ** this.#restarts++;
    this.#startAgainAfter(Math.min(delay, this.#datafile.pollInterval));
  }

  #heard(level: LogLevel, line: string): void {
    if (level === LogLevel.Error) {
      const problem = problemOf(line);
      if (problem !== undefined) this.#listener({ kind: 'unusable', problem });
    }
    if (!isOfFetching(line)) return;
    const { pollInterval } = this.#datafile;
    if (isFetchBegun(line)) this.#startAgainAfter(FETCH_TIMEOUT_MS, HANGS);
    else this.#startAgainAfter(pollInterval + FETCH_TIMEOUT_MS);
  }
}
