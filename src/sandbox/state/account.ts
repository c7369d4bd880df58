import { randomInt } from 'node:crypto';
import { type Check, checkFields, text } from '../check.js';
import type { Segments } from './segments.js';
import { Signal } from './signal.js';

/** What a datafile says about ODP: the entry of its `integrations` with key `odp`. */
export interface OdpSandboxIntegration {
  /** The API key. */
  readonly publicKey?: string;
  /** The origin that `/v3/events` is below. */
  readonly host?: string;
  readonly pixelUrl?: string;
}

const checks: Record<string, Check> = {
  publicKey: text,
  host: text,
  pixelUrl: text,
};

/** The account that the sandbox plays: the key it accepts, and its datafile. */
export class Account {
  readonly #initialApiKey: string | undefined;
  readonly #changed = new Signal();
  #apiKey: string | undefined;
  /** `undefined`: the sandbox's own; `null`: none. */
  #integration: OdpSandboxIntegration | null | undefined;
  // Neither is one that an earlier run on this port has served.
  #revision = Date.now();
  #lastModified = wholeSecond(Date.now() - randomInt(86_400_000));
  #version = 0;

  constructor(apiKey: string | undefined, segments: Segments) {
    this.#initialApiKey = this.#apiKey = apiKey;
    segments.listen(() => this.#changeDatafile());
  }

  /** Changes with every change here. */
  get version(): number {
    return this.#version;
  }

  /** The only key that is accepted; `undefined`: any is. */
  get apiKey(): string | undefined {
    return this.#apiKey;
  }

  set apiKey(apiKey: string | undefined) {
    if (apiKey === this.#apiKey) return;
    this.#apiKey = apiKey;
    // The datafile holds it while the sandbox serves its own integration.
    if (this.#integration === undefined) this.#changeDatafile();
    else this.#change();
  }

  /** The datafile's `revision`, without a change of which SDKs ignore the datafile. */
  get revision(): string {
    return String(this.#revision);
  }

  /** In ms: another whole second for each revision. */
  get lastModified(): number {
    return this.#lastModified;
  }

  /** What the datafile says about ODP; by default, the sandbox at `origin`. */
  integrationAt(origin: string): OdpSandboxIntegration | null {
    return this.#integration === undefined
      ? {
          publicKey: this.#apiKey ?? 'sandbox-key',
          host: origin,
          pixelUrl: origin,
        }
      : this.#integration;
  }

  /**
   * Serves exactly this from now on; `null`: a datafile without ODP;
   * `undefined`: the sandbox's own again.
   *
   * @throws OdpSandboxError `invalidOption` that names the field
   */
  setIntegration(integration: OdpSandboxIntegration | null | undefined): void {
    if (integration) checkFields({ ...integration }, checks, 'an integration');
    this.#integration = integration && { ...integration };
    this.#changeDatafile();
  }

  /** Restores the initial state. */
  reset(): void {
    this.apiKey = this.#initialApiKey;
    if (this.#integration !== undefined) this.setIntegration(undefined);
  }

  listen(listener: () => void): () => void {
    return this.#changed.listen(listener);
  }

  #changeDatafile(): void {
    this.#revision++;
    // HTTP dates count seconds; two revisions must not share one.
    this.#lastModified += 1000;
    this.#change();
  }

  #change(): void {
    this.#version++;
    this.#changed.emit();
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
