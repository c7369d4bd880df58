import type {
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { proxyProof } from '../proxy-proof.js';
import type { OdpAccount } from '../account/index.js';
import { OdpConfigurationError } from '../errors/index.js';
import { DEFAULT_ACCOUNT, getOdpAccountToken } from '../service/index.js';

/**
 * Refuses what Nest allows but what would lose events: two accounts of one name,
 * of which a decorator or `@Inject` finds either, and an account per request,
 * which nobody closes.
 */
export class AccountCheck implements OnModuleInit {
  readonly #modules: ModulesContainer;
  readonly #name: string;

  /** @throws OdpConfigurationError before any of the accounts is made */
  constructor(modules: ModulesContainer, name = DEFAULT_ACCOUNT) {
    this.#modules = modules;
    this.#name = name;
    if (this.#accounts().length < 2) return;
    refuse(
      'name',
      name === DEFAULT_ACCOUNT
        ? 'must differ: OptimizelyOdpModule.forRoot (or forRootAsync) is imported more than once without a name. Import it once, in the root module: its service is there for all; or give the other account a name'
        : `must differ: two accounts are named '${name}'. Import one of them once, in the root module, or rename the other`,
    );
  }

  /** @throws OdpConfigurationError */
  onModuleInit(): void {
    if (this.#accounts().every((account) => account.isDependencyTreeStatic()))
      return;
    refuse(
      'options',
      `must not be request-scoped, as each request would get an account of its own that nobody closes: something that useFactory or useClass injects (an HttpService for http, say) has Scope.REQUEST or injects REQUEST. Inject what lives as long as the app; use the option identity for who is calling [account=${this.#name}]`,
    );
  }

  #accounts() {
    const token = getOdpAccountToken(this.#name);
    return [...this.#modules.values()].flatMap(
      ({ providers }) => providers.get(token) ?? [],
    );
  }
}

function refuse(path: string, message: string): never {
  throw new OdpConfigurationError([{ path, message }]);
}

/** Hooks into the begin of the app's shutdown, before other modules close what an outbox works through. */
export class ShutdownBegin implements OnModuleDestroy {
  readonly #account: OdpAccount;

  constructor(account: OdpAccount) {
    this.#account = account;
    proxyProof(this);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#account.handOver();
  }
}

/** All other hooks into the app's lifecycle are here, since hook order inside a module differs between Nest 11 and 12. */
export class AccountLifecycle
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  readonly #account: OdpAccount;
  readonly #isReal: boolean;

  /** @param isReal whether events leave the process; a test need not be warned that they may be lost */
  constructor(account: OdpAccount, isReal: boolean) {
    this.#account = account;
    this.#isReal = isReal;
    proxyProof(this);
  }

  onApplicationBootstrap(): void {
    if (this.#isReal) this.#account.booted();
  }

  /** Requests that were under way have ended by now, and have sent their events. */
  async onApplicationShutdown(): Promise<void> {
    await this.#account.close();
  }
}

/**
 * Makes the hooks of `lifecycle` run last, so that a worker that finishes its
 * job in a hook of its own still gets its events out, and that of `begin` first.
 * At shutdown Nest runs hooks module by module: the root module's first, those of
 * its own core module last, and those of lazily loaded modules not at all.
 *
 * @returns whether the former was possible
 */
export function hookIn(
  modules: ModulesContainer,
  begin: ShutdownBegin,
  lifecycle: AccountLifecycle,
): boolean {
  // Nest puts its core module first into the container, the root module second.
  const [core, root] = modules.values();
  if (core?.metatype?.name !== 'InternalCoreModule') return false;
  hookInto(root, begin);
  return hookInto(core, lifecycle);
}

/** Nest has no public way to be first or last, so another version of it may know none of this. */
function hookInto(
  module: ReturnType<ModulesContainer['get']>,
  hooks: object,
): boolean {
  const token = Symbol('ODP_LIFECYCLE');
  try {
    module?.addProvider({ provide: token, useValue: hooks });
    const provider = module?.providers.get(token);
    // Nest 12 starts with the providers that depend on most others.
    Object.assign(provider ?? {}, { hierarchyLevel: Number.MAX_SAFE_INTEGER });
    return provider?.instance === hooks;
  } catch {
    return false;
  }
}
