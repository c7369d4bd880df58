import { Logger, type OnModuleInit } from '@nestjs/common';
import type { MetadataScanner, ModulesContainer } from '@nestjs/core';
import {
  controllersOf,
  findProvider,
  getOdpAccountToken,
  providersOf,
} from '../service/index.js';
import { actionsOf, silencedMethods } from './action-metadata.js';
import { noAccount } from './action-runner.js';
import type { OdpAction } from './odp-action.js';
import { type Class, classesOf, methodsOf } from './classes.js';
import {
  isControllerHandler,
  isGraphqlField,
  isProviderHandler,
  mayBeCalled,
} from './handlers.js';
import { GuardedLogger } from '../reporting/index.js';

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

  /** A decorator above may have put another function in the method's place. */
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
