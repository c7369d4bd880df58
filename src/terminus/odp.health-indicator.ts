import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type HealthIndicatorResult,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { proxyProof } from '../proxy-proof.js';
import { OdpConfigurationError } from '../errors/index.js';
import { type Duration, parseDuration } from '../options/index.js';
import { DEFAULT_ACCOUNT, getOdpAccountToken } from '../service/index.js';
import type { OdpAccount } from '../account/index.js';

/** How {@link OdpHealthIndicator} judges an account. */
export interface OdpHealthOptions {
  /**
   * Degraded once the oldest undelivered event has waited for longer.
   * @default '5m'
   */
  readonly degradedAfter?: Duration | undefined;
  /**
   * How long the outbox may take to answer.
   * @default 1000
   */
  readonly timeout?: Duration | undefined;
  /**
   * The name of the account, as given to `OptimizelyOdpModule`.
   * @default the account without a name
   */
  readonly account?: string | undefined;
}

type Details = Record<string, unknown>;

/** What is used of Terminus 12; 11 has no `degraded`. */
interface Session<Key extends string> {
  up(details: Details): HealthIndicatorResult<Key>;
  down(details: Details): HealthIndicatorResult<Key>;
  degraded?(details: Details): HealthIndicatorResult<Key>;
}

const DEGRADED_AFTER = '5m';
const TIMEOUT_MS = 1000;

/**
 * Reports the health of delivery to Terminus. List it in the `providers` of the
 * module that imports `TerminusModule`.
 *
 * ```ts
 * health.check([() => odpHealth.isHealthy('odp')])
 * ```
 */
@Injectable()
export class OdpHealthIndicator {
  readonly #modules: ModuleRef;
  readonly #health: HealthIndicatorService;

  constructor(
    @Inject(ModuleRef) modules: ModuleRef,
    @Inject(HealthIndicatorService) health: HealthIndicatorService,
  ) {
    this.#modules = modules;
    this.#health = health;
    proxyProof(this);
  }

  /**
   * - up: events reach ODP, or have not waited for too long;
   * - degraded: they have waited for longer, delivery is suspended, or
   *   ODP is not ready or not integrated. The health check still succeeds. Terminus 11,
   *   which has no `degraded`, shows `up` with `degraded: true`;
   * - down: the outbox cannot be used, so events cannot be accepted, or there
   *   is no such account.
   *
   * The details are counts, and hold no identifier.
   *
   * @param key names the result
   * @throws OdpConfigurationError when an option is wrong
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: OdpHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const limits = {
      degradedAfter: durationOf('degradedAfter', options, DEGRADED_AFTER),
      timeout: durationOf('timeout', options, TIMEOUT_MS),
    };
    const session: Session<Key> = this.#health.check(key);
    const account = this.#account(options.account);
    if (account === undefined) {
      return session.down({ reason: unknownAccount(options.account) });
    }
    const { status, details } = await account.health(limits);
    if (status !== 'degraded') return session[status](details);
    return (
      session.degraded?.(details) ?? session.up({ degraded: true, ...details })
    );
  }

  #account(name: string | undefined): OdpAccount | undefined {
    try {
      return this.#modules.get<OdpAccount>(getOdpAccountToken(name), {
        strict: false,
      });
    } catch {
      // Nest throws for a token that nothing provides.
      return undefined;
    }
  }
}

function unknownAccount(name = DEFAULT_ACCOUNT): string {
  return name === DEFAULT_ACCOUNT
    ? 'no OptimizelyOdpModule without a name is imported: import it, or name the account (option account)'
    : `no OptimizelyOdpModule named '${name}' is imported: check the option account`;
}

function durationOf(
  name: 'degradedAfter' | 'timeout',
  options: OdpHealthOptions,
  fallback: Duration,
): number {
  const ms = parseDuration(options[name] ?? fallback);
  if (ms !== undefined) return ms;
  throw new OdpConfigurationError([
    {
      path: `isHealthy.${name}`,
      message: "must be ms or a string such as '30s'",
    },
  ]);
}
