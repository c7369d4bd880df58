import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import {
  OdpSandbox,
  type OdpReceivedEvent,
} from 'nestjs-optimizely-odp/sandbox';
import { afterAll, afterEach, beforeAll } from 'vitest';

export const API_KEY = 'W4WzcEs-ABgXorzY7h1LCQ';

export type Platform = 'express' | 'fastify';
export const platforms: readonly Platform[] = ['express', 'fastify'];

/** A sandbox for a whole file, emptied after each test. */
export function useSandbox(): { readonly now: OdpSandbox } {
  let sandbox: OdpSandbox;
  beforeAll(async () => {
    sandbox = await OdpSandbox.start();
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());
  return {
    get now() {
      return sandbox;
    },
  };
}

/** The module under test, sending to the sandbox at once. */
export const odpModule = (
  sandbox: OdpSandbox,
  options: Partial<OptimizelyOdpModuleOptions> = {},
  name?: string,
) =>
  OptimizelyOdpModule.forRoot({
    apiKey: API_KEY,
    apiHost: sandbox.url,
    delivery: { flushInterval: 0 },
    name,
    ...options,
  });

export interface RunningApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly odp: OdpService;
}

export interface StartOptions extends ModuleMetadata {
  readonly platform?: Platform;
  /** What is set up before the app listens. */
  readonly before?: (app: INestApplication) => unknown;
}

/** Starts apps that are closed after each test, or after all of a file. */
export function useApps(
  closeAfter: typeof afterEach | typeof afterAll = afterEach,
) {
  const apps: INestApplication[] = [];
  closeAfter(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  return async ({
    platform = 'express',
    before,
    ...metadata
  }: StartOptions): Promise<RunningApp> => {
    const builder = await Test.createTestingModule(metadata).compile();
    const app =
      platform === 'fastify'
        ? builder.createNestApplication(new FastifyAdapter(), { logger: false })
        : builder.createNestApplication({ logger: false });
    apps.push(app);
    await before?.(app);
    await app.listen(0, '127.0.0.1');
    return { app, url: await app.getUrl(), odp: app.get(OdpService) };
  };
}

/** What has arrived at ODP once the app has sent what it had to. */
export async function arrived(
  sandbox: OdpSandbox,
  { odp }: Pick<RunningApp, 'odp'>,
): Promise<OdpReceivedEvent['event'][]> {
  await odp.flush();
  return sandbox.events().map(({ event }) => event);
}

export const actions = (events: readonly { action?: string }[]): string[] =>
  events.map(({ action }) => String(action)).sort();
