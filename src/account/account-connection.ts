import { Delivery } from '../delivery/index.js';
import {
  CredentialsHolder,
  OdpCalls,
  OdpClient,
  OdpHttp,
  type OdpTransport,
} from '../odp/index.js';
import type { Reporter } from '../reporting/index.js';
import type { CallFailure } from './account-health.js';
import { AccountIntegration } from './account-integration.js';
import type { OdpRuntime } from './account-runtime.js';
import type { ResolvedOptions } from './resolved-options.js';

/** How an account reaches ODP: where key and host come from, and the delivery and the calls that use them. */
export class AccountConnection {
  /** Absent if the options name key and host. */
  readonly integration: AccountIntegration | undefined;
  readonly delivery: Delivery;
  readonly calls: OdpCalls;
  #lastFailure: CallFailure | undefined;

  /** @param app stands for the app */
  constructor(
    name: string,
    app: object,
    options: ResolvedOptions,
    transport: OdpTransport,
    runtime: OdpRuntime,
    reporter: Reporter,
  ) {
    const { clock } = runtime;
    const { apiKey = '', apiHost } = options;
    if (options.integration !== undefined) {
      this.integration = new AccountIntegration(
        options.integration,
        options.allowInsecureHost,
        clock,
        reporter,
        {
          credentialsChanged: () => this.delivery.credentialsChanged(),
          drain: (timeout) => this.#drain(timeout),
        },
      );
    }
    const credentials =
      this.integration?.credentials ??
      new CredentialsHolder({ apiKey, apiHost });
    const http = new OdpHttp(name, credentials, transport, clock, app);
    const random = () => runtime.random();
    this.delivery = new Delivery(
      options,
      new OdpClient(http, clock, options.delivery.requestTimeout),
      reporter,
      clock,
      random,
    );
    this.calls = new OdpCalls(http, clock, random, (route, problem) => {
      this.#lastFailure = { route, problem, at: clock.monotonic() };
    });
  }

  /** The last of its calls that failed. */
  get lastFailure(): CallFailure | undefined {
    return this.#lastFailure;
  }

  /** Waiting events still go to the account that is replaced, unless it has refused them. */
  async #drain(timeout: number): Promise<void> {
    if (!this.delivery.suspended) await this.delivery.flush(timeout);
  }
}
