import { clearTimeout, setTimeout } from 'node:timers';
import {
  type Client,
  createInstance,
  createLogger,
  createPollingProjectConfigManager,
  ERROR,
} from '@optimizely/optimizely-sdk';
import type { OdpIntegrationState } from '../odp/index.js';
import { watchClient } from './optimizely-client.js';
import { problemOf } from './sdk-problem.js';

/** Which datafile is watched. */
export interface WatchedDatafile {
  readonly sdkKey: string;
  readonly accessToken: string | undefined;
  readonly address: string;
  /** In ms. */
  readonly pollInterval: number;
}

/** The first wait of a client that has failed for good, in ms. */
const MIN_RESTART_DELAY_MS = 1000;
/** The longest that a timer waits. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** Watches a datafile with a client of the official SDK, and with a new one when that has failed for good. */
export class DatafileWatch {
  readonly #datafile: WatchedDatafile;
  readonly #listener: (state: OdpIntegrationState) => void;
  #client: Client | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #restarts = 0;
  #closed = false;

  constructor(
    datafile: WatchedDatafile,
    listener: (state: OdpIntegrationState) => void,
  ) {
    this.#datafile = datafile;
    this.#listener = listener;
    this.#start();
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    // It rejects where the client has failed for good.
    await this.#client?.close().catch(() => {});
  }

  #start(): void {
    const { sdkKey, accessToken, address, pollInterval } = this.#datafile;
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
        level: ERROR,
        logHandler: { log: (_, line) => this.#failed(line) },
      }),
    });
    this.#client = client;
    watchClient(client, this.#listener);
    // Only a first datafile that is broken makes it give up: other failures it waits out.
    client.onReady({ timeout: FOR_EVER_MS }).then(
      () => {
        this.#restarts = 0;
      },
      () => this.#startAgain(),
    );
  }

  #startAgain(): void {
    if (this.#closed) return;
    const { pollInterval } = this.#datafile;
    const delay = MIN_RESTART_DELAY_MS * 2 ** this.#restarts++;
    this.#restart = setTimeout(
      () => this.#start(),
      Math.min(delay, pollInterval),
    );
  }

  #failed(line: string): void {
    const problem = problemOf(line);
    if (problem === undefined || this.#closed) return;
    this.#listener({ kind: 'unusable', problem });
  }
}
