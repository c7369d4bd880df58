import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import {
  OdpNotIntegratedError,
  OdpNotReadyError,
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import {
  datafileIntegration,
  type DatafileIntegrationOptions,
} from 'nestjs-optimizely-odp/datafile';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { afterEach, describe, expect, it, vi } from 'vitest';

const login = { action: 'login', identifiers: { email: 'ada@example.com' } };
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  lines.length = 0;
  for (const end of cleanUp.splice(0).toReversed()) await end();
});

const lines: string[] = [];
const note = (line: unknown) => void lines.push(String(line));
const logger = { log: note, warn: note, error: note };

async function sandboxes(...keys: string[]): Promise<OdpSandbox[]> {
  const started = [];
  for (const apiKey of keys) {
    const sandbox = await OdpSandbox.start({ apiKey });
    cleanUp.push(() => sandbox.close());
    started.push(sandbox);
  }
  return started;
}

/** An app whose account is that of the datafile at `url`, polled every 20 ms. */
async function boot(
  url: string,
  options: Partial<DatafileIntegrationOptions> = {},
  more: OptimizelyOdpModuleOptions = {},
) {
  const integration = datafileIntegration({
    sdkKey: 'sandbox',
    url,
    pollInterval: 20,
    ...options,
  });
  const app = await Test.createTestingModule({
    imports: [OptimizelyOdpModule.forRoot({ ...more, integration })],
  })
    .setLogger(logger)
    .compile();
  await app.init();
  cleanUp.push(() => app.close());
  return app.get(OdpService);
}

const delivered = (odp: OdpService) =>
  odp.sendOdpEvent(login, { awaitDelivery: true });

const until = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 5000, interval: 20 });

describe('datafileIntegration with the official SDK', () => {
  it('sends with the key and to the host of the datafile', async () => {
    const [sandbox] = await sandboxes('first-key');
    const odp = await boot(sandbox!.datafileUrl);
    await delivered(odp);
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('moves to another account without a restart', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const odp = await boot(first!.datafileUrl);
    await delivered(odp);
    first!.setIntegration(second!.integration());
    await until(async () => {
      await delivered(odp);
      expect(second!.events().length).toBeGreaterThan(0);
    });
    const before = first!.events().length;
    await delivered(odp);
    expect(first!.events()).toHaveLength(before);
  });

  it('delivers what waited as soon as the datafile has the right key', async () => {
    const [sandbox] = await sandboxes('first-key');
    const { host } = sandbox!.integration()!;
    sandbox!.setIntegration({ publicKey: 'old-key', host: host! });
    const odp = await boot(sandbox!.datafileUrl);
    odp.trackOdpEvent(login);
    await until(() => expect(odp.stats().suspended).toBe(true));
    sandbox!.setIntegration(undefined);
    await sandbox!.waitFor(1);
    expect(odp.stats().suspended).toBe(false);
  });

  it('refuses events while the datafile names no account, and takes them once it does', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.setIntegration(null);
    const odp = await boot(sandbox!.datafileUrl);
    await expect(odp.sendOdpEvent(login)).rejects.toThrow(
      OdpNotIntegratedError,
    );
    sandbox!.setIntegration(undefined);
    await until(() => delivered(odp).then(() => {}));
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('keeps the last usable account while the datafile names one that is not', async () => {
    const [sandbox] = await sandboxes('first-key');
    const odp = await boot(sandbox!.datafileUrl);
    const { publicKey } = sandbox!.integration()!;
    sandbox!.setIntegration({
      publicKey: publicKey!,
      host: 'http://odp.example',
    });
    await until(() => {
      expect(lines.join('\n')).toContain(
        'its host is no https URL): the last usable account holds',
      );
    });
    expect(lines.join('\n')).not.toContain(publicKey);
    await delivered(odp);
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('boots after readyTimeout without a datafile, refuses events, and ends', async () => {
    const odp = await boot('http://127.0.0.1:9/none.json', {
      readyTimeout: 30,
    });
    await expect(odp.sendOdpEvent(login)).rejects.toThrow(OdpNotReadyError);
  });

  it('stands beside no key', async () => {
    await expect(
      boot('http://127.0.0.1:9/none.json', {}, { apiKey: 'key' }),
    ).rejects.toThrow('apiKey must be left out beside integration');
  });

  it.each([
    [{ sdkKey: ' ' }, 'sdkKey'],
    [{ url: 'datafile.json' }, 'url'],
    [{ pollInterval: 0 }, 'pollInterval'],
    [{ readyTimeout: -1 }, 'readyTimeout'],
  ])('refuses %o', (options, name) => {
    expect(() => datafileIntegration({ sdkKey: 'key', ...options })).toThrow(
      `datafileIntegration.${name}`,
    );
  });
});
