import { Logger, type OnModuleInit } from '@nestjs/common';
import type { MetadataScanner, ModulesContainer } from '@nestjs/core';
import 'reflect-metadata';
import {
  controllersOf,
  findProvider,
  getOdpAccountToken,
  providersOf,
} from '../service/index.js';
import { GuardedLogger } from '../reporting/index.js';
import { actionsOf, silencedMethods } from './action-metadata.js';
import type { OdpAction } from './odp-action.js';
import {
  type Class,
  classesOf,
  isControllerHandler,
  isGraphqlField,
  isProviderHandler,
  mayBeCalled,
  methodsOf,
} from './handlers.js';
import { QualifiedGuard } from './qualified-for.decorator.js';

const INSTEAD =
  'Call odp.trackOdpEvent() or await odp.sendOdpEvent() of OdpService there.';

/** Warns at boot if a decorator can never fire. */
export class DecoratorCheck implements OnModuleInit {
  readonly #scanner: MetadataScanner;
  readonly #modules: ModulesContainer;
  readonly #logger = new GuardedLogger(new Logger('OptimizelyOdp'));
  readonly #missing = new Set<string | undefined>();
  readonly #silenced = new Set<string>();

  constructor(modules: ModulesContainer, scanner: MetadataScanner) {
    this.#scanner = scanner;
    this.#modules = modules;
  }

  onModuleInit(): void {
    const controllers = classesOf(controllersOf(this.#modules));
    const providers = classesOf(providersOf(this.#modules));
    for (const one of controllers) this.#check(one, isControllerHandler);
    for (const one of providers) {
      if (!controllers.has(one)) this.#check(one, isProviderHandler);
    }
  }

  /** A decorator above may have replaced the method. */
  #checkSilenced(type: Class): void {
    for (const place of silencedMethods(type.prototype as object)) {
      if (this.#silenced.has(place)) continue;
      this.#silenced.add(place);
      this.#logger.warn(
        `@SendOdpEvent() on ${place} never fires: a decorator above it replaced the method without its metadata. Write @SendOdpEvent() above that decorator, or let it copy the metadata (Reflect.getMetadataKeys) to what it returns.`,
      );
    }
  }

  #check(type: Class, isHandler: (method: object) => boolean): void {
    this.#checkSilenced(type);
    const methods = methodsOf(type, this.#scanner);
    const handlers = methods.filter(({ handler }) => isHandler(handler));
    const onClass = actionsOf(type);
    if (onClass.length > 0 && handlers.length === 0)
      this.#neverFires(type.name);
    for (const method of methods) {
      const actions = actionsOf(method.handler);
      const place = `${type.name}.${method.name}`;
      if (actions.length > 0) {
        if (!handlers.includes(method)) {
          if (!mayBeCalled(method.handler)) this.#neverFires(place);
        } else if (isGraphqlField(method.handler)) this.#checkField(place);
      }
      this.#checkAccounts(place, actions);
    }
    this.#checkAccounts(type.name, onClass);
  }

  #neverFires(place: string): void {
    this.#logger.warn(
      `@SendOdpEvent() on ${place} never fires: Nest runs interceptors only for what it calls as a route, message handler, resolver or gateway. ${INSTEAD}`,
    );
  }

  /** Nest runs no interceptors for fields unless the app asks for it. */
  #checkField(place: string): void {
    const graphql = providersOf(this.#modules)
      .filter(({ token }) => token === 'GqlModuleOptions')
      .map(({ instance }) => instance as { fieldResolverEnhancers?: string[] });
    const enhanced = graphql.some((options) =>
      options?.fieldResolverEnhancers?.includes('interceptors'),
    );
    if (graphql.length === 0 || enhanced) return;
    this.#logger.warn(
      `@SendOdpEvent() on ${place} never fires: Nest runs no interceptors for field resolvers. Pass fieldResolverEnhancers: ['interceptors'] to GraphQLModule. Otherwise: ${INSTEAD}`,
    );
  }

  #checkAccounts(place: string, actions: readonly OdpAction[]): void {
    for (const { account, accountOf } of actions) {
      if (accountOf !== undefined) continue;
      if (this.#missing.has(account) || this.#hasAccount(account)) continue;
      this.#missing.add(account);
      this.#logger.error(`On ${place}: ${noAccount(account)}`);
    }
  }

  #hasAccount(name: string | undefined): boolean {
    return findProvider(this.#modules, getOdpAccountToken(name)) !== undefined;
  }
}

/** What to do about a decorator whose account does not exist. */
function noAccount(name: string | undefined): string {
  return name === undefined
    ? '@SendOdpEvent() sends nothing, since the account without a name is not configured. Import OptimizelyOdpModule.forRoot({ … }) without a name, or name one with account.'
    : `@SendOdpEvent({ account: '${name}' }) sends nothing, since no account has that name. Import OptimizelyOdpModule.forRoot({ name: '${name}', … }), or correct account.`;
}

/** Where Nest keeps the guards of a class or method, in the order in which they run. */
const GUARDS = '__guards__';

/**
 * Warns at boot if `@QualifiedFor()` runs before another guard, which may be
 * the one that sets the user: it would silently deny everybody.
 */
export class GuardOrderCheck implements OnModuleInit {
  readonly #modules: ModulesContainer;
  readonly #scanner: MetadataScanner;
  readonly #logger = new GuardedLogger(new Logger('OptimizelyOdp'));

  constructor(modules: ModulesContainer, scanner: MetadataScanner) {
    this.#modules = modules;
    this.#scanner = scanner;
  }

  onModuleInit(): void {
    const classes = classesOf([
      ...controllersOf(this.#modules),
      ...providersOf(this.#modules),
    ]);
    for (const type of classes) {
      const ofClass = guardsOf(type);
      this.#check(type.name, ofClass);
      for (const { name, handler } of methodsOf(type, this.#scanner)) {
        const ofMethod = guardsOf(handler);
        if (ofMethod.length === 0) continue;
        this.#check(`${type.name}.${name}`, ofMethod);
        // Those of the class run first.
        const before = ofClass.filter(isOurs);
        if (before.length > 0) {
          this.#check(`${type.name}, before ${name},`, [
            ...before,
            ...ofMethod,
          ]);
        }
      }
    }
  }

  #check(place: string, guards: readonly unknown[]): void {
    const ours = guards.findIndex(isOurs);
    if (ours === -1) return;
    const later = guards.slice(ours).filter((guard) => !isOurs(guard));
    if (later.length === 0) return;
    const names = later.map(nameOf).join(', ');
    this.#logger.warn(
      `@QualifiedFor() on ${place} runs before ${names}: a user that it sets is not known yet. Nest runs the guards of a class first, then those of the lowest decorator: write @QualifiedFor() above @UseGuards(${names}), on the same class or method.`,
    );
  }
}

const guardsOf = (target: object) =>
  (Reflect.getMetadata(GUARDS, target) as readonly unknown[] | undefined) ?? [];

const isOurs = (guard: unknown): boolean =>
  typeof guard === 'function' && guard.prototype instanceof QualifiedGuard;

const nameOf = (guard: unknown): string =>
  typeof guard === 'function'
    ? guard.name
    : ((guard as object | null)?.constructor?.name ?? 'a guard');
