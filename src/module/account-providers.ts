import { HttpService } from '@nestjs/axios';
import { type InjectionToken, Logger, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import axios from 'axios';
import { type Clock, systemClock } from '../clock.js';
import {
  type ResolvedModuleOptions,
  resolveOptions,
} from './resolve-options.js';
import type { ResolvedOptions } from '../account/index.js';
import { CallerContext } from '../identity/index.js';
import { QualifiedSegments } from '../segments/index.js';
import {
  DEFAULT_ACCOUNT,
  getOdpAccountToken,
  getOdpServiceToken,
  modulesOf,
  OdpDeadLetters,
  OdpService,
} from '../service/index.js';
import {
  AccountOutboxes,
  BackgroundWork,
  OdpAccount,
  type OdpRuntime,
  ProcessEnd,
} from '../account/index.js';
import {
  HttpServiceTransport,
  NodeHttpTransport,
  type OdpIntegration,
  OdpTransport,
} from '../odp/index.js';
import {
  AccountCheck,
  AccountLifecycle,
  hookIn,
  ShutdownBegin,
} from './account-lifecycle.js';

/** The token that `ConfigurableModuleBuilder` makes of the module's name. */
const MODULE_OPTIONS = 'OPTIMIZELY_ODP_MODULE_OPTIONS';

/** @internal The options, checked and completed. */
export const ODP_RESOLVED_OPTIONS = Symbol('ODP_RESOLVED_OPTIONS');
/** @internal Time, chance and the logger; `OptimizelyOdpTestingModule` replaces it. */
export const ODP_RUNTIME = Symbol('ODP_RUNTIME');
/** @internal Replaces the `integration` option, for tests that reach no network. */
export const ODP_INTEGRATION = Symbol('ODP_INTEGRATION');
const CHECK = Symbol('ODP_ACCOUNT_CHECK');
const LIFECYCLE = Symbol('ODP_LIFECYCLE');

type IntegrationChange = (
  integration: OdpIntegration | undefined,
) => OdpIntegration | undefined;

const asItIs: IntegrationChange = (integration) => integration;

/** @internal The outside world of an account in an app. */
export const runtimeOf = (
  name = DEFAULT_ACCOUNT,
  clock: Clock = systemClock,
): OdpRuntime => ({
  clock,
  random: () => Math.random(),
  logger: new Logger(
    name === DEFAULT_ACCOUNT ? 'OptimizelyOdp' : `OptimizelyOdp:${name}`,
  ),
});

/** Whether the environment names a proxy, which axios knows how to use. */
const hasProxy = (): boolean =>
  Object.entries(process.env).some(
    ([name, value]) =>
      /(?:http|https|all)_proxy$/i.test(name) &&
      value !== undefined &&
      value !== '',
  );

/** The providers of one account. */
export function accountProviders(name = DEFAULT_ACCOUNT): Provider[] {
  const accountToken = getOdpAccountToken(name);
  return [
    {
      provide: CHECK,
      inject: [ModuleRef],
      useFactory: (app: ModuleRef) => new AccountCheck(modulesOf(app), name),
    },
    {
      provide: ODP_RESOLVED_OPTIONS,
      inject: [MODULE_OPTIONS],
      useFactory: resolveOptions,
    },
    { provide: ODP_RUNTIME, useFactory: () => runtimeOf(name) },
    { provide: ODP_INTEGRATION, useValue: asItIs },
    {
      provide: OdpTransport,
      inject: [ODP_RESOLVED_OPTIONS, ODP_RUNTIME],
      useFactory: ({ http }: ResolvedOptions, { clock }: OdpRuntime) =>
        http === undefined && !hasProxy()
          ? new NodeHttpTransport(clock)
          : new HttpServiceTransport(
              // Not axios' default instance, whose settings are meant for the app's own requests.
              // oxlint-disable-next-line import/no-named-as-default-member -- the oldest axios allowed has no named export of it
              http ?? new HttpService(axios.create()),
              clock,
            ),
    },
    {
      provide: accountToken,
      inject: [
        ODP_RESOLVED_OPTIONS,
        OdpTransport,
        CallerContext,
        BackgroundWork,
        ProcessEnd,
        AccountOutboxes,
        ODP_RUNTIME,
        ODP_INTEGRATION,
        CHECK,
      ],
      useFactory: async (
        options: ResolvedOptions,
        transport: OdpTransport,
        callers: CallerContext,
        background: BackgroundWork,
        processEnd: ProcessEnd,
        outboxes: AccountOutboxes,
        runtime: OdpRuntime,
        changed: IntegrationChange,
      ) => {
        const integration = changed(options.integration);
        const account = new OdpAccount(
          name,
          { ...options, integration },
          transport,
          runtime,
          { callers, background, processEnd, outboxes },
        );
        await account.open();
        return account;
      },
    },
    {
      provide: getOdpServiceToken(name),
      inject: [accountToken, CallerContext, ODP_RESOLVED_OPTIONS],
      useFactory: (
        account: OdpAccount,
        callers: CallerContext,
        { outbox, segments }: ResolvedModuleOptions,
      ) =>
        new OdpService(
          account,
          callers,
          new OdpDeadLetters(
            account.delivery?.outbox ?? outbox,
            account.clock,
            account.ended,
            (error) => account.intake.refusals.unawaited(error),
          ),
          new QualifiedSegments(account, segments),
        ),
    },
    {
      provide: LIFECYCLE,
      inject: [accountToken, ModuleRef, OdpTransport],
      useFactory: (
        account: OdpAccount,
        app: ModuleRef,
        transport: OdpTransport,
      ) => {
        const isReal =
          transport instanceof NodeHttpTransport ||
          transport instanceof HttpServiceTransport;
        const lifecycle = new AccountLifecycle(account, isReal);
        const begin = new ShutdownBegin(account);
        return hookIn(modulesOf(app), begin, lifecycle) ? {} : lifecycle;
      },
    },
  ];
}

/** What other modules may inject. */
export const accountExports = (name?: string): InjectionToken[] => [
  getOdpServiceToken(name),
];
