import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import {
  type OdpIntegration,
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.js';
import { ODP_RUNTIME } from '../../src/module/index.js';

export const login = {
  action: 'login',
  identifiers: { email: 'ada@example.com' },
};

/** Starts one for each of these keys, the only one that it accepts. */
export async function sandboxes(...keys: string[]): Promise<OdpSandbox[]> {
  const started = [];
  for (const apiKey of keys) {
    const sandbox = await OdpSandbox.start({ apiKey });
    onTestFinished(() => sandbox.close());
    started.push(sandbox);
  }
  return started;
}

/** Boots an app whose account an integration names; ends it with the test. */
export async function bootWith(
  integration: OdpIntegration,
  options: OptimizelyOdpModuleOptions = {},
  clock: Clock = systemClock,
) {
  const lines: string[] = [];
  const note = (line: unknown) => void lines.push(String(line));
  const logger = { log: note, warn: note, error: note };
  const app = await Test.createTestingModule({
    imports: [
      OptimizelyOdpModule.forRoot({
        delivery: { flushInterval: 0 },
        ...options,
        integration,
      }),
    ],
  })
    .overrideProvider(ODP_RUNTIME)
    .useValue({ clock, random: () => 0, logger })
    .compile();
  await app.init();
  onTestFinished(() => app.close());
  return { app, odp: app.get(OdpService), log: () => lines.join('\n') };
}

export const delivered = (odp: OdpService) =>
  odp.sendOdpEvent(login, { awaitDelivery: true });

export const until = (check: () => void | Promise<unknown>) =>
  vi.waitFor(check, { timeout: 5000, interval: 20 });
