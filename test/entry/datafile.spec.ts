import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  OdpNotIntegratedError,
  OdpNotReadyError,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import {
  datafileIntegration,
  type DatafileIntegrationOptions,
} from 'nestjs-optimizely-odp/datafile';
import { fileOutbox } from 'nestjs-optimizely-odp/outbox/file';
import type {
  OdpSandbox,
  OdpSandboxIntegration,
} from 'nestjs-optimizely-odp/sandbox';
import { ManualClock } from 'nestjs-optimizely-odp/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bootWith,
  delivered,
  login,
  sandboxes,
  until,
} from './datafile-app.js';

/** An app whose account is that of the datafile at `url`, polled every 20 ms. */
const boot = (
  url: string,
  options: Partial<DatafileIntegrationOptions> = {},
  more: OptimizelyOdpModuleOptions = {},
  clock?: ManualClock,
) =>
  bootWith(
    datafileIntegration({
      sdkKey: 'sandbox',
      url,
      pollInterval: 20,
      ...options,
    }),
    more,
    clock,
  );

const HOST = 'names an ODP host that cannot be used (it must be';

/** Batches have time to fill. */
const PATIENT = { delivery: { flushInterval: '1h' } } as const;

/** The keys that came to each of them. */
const keysSeen = (...all: readonly OdpSandbox[]) =>
  all.map((sandbox) => [
    ...new Set(sandbox.requests().map(({ headers }) => headers['x-api-key'])),
  ]);

describe('datafileIntegration with the official SDK', () => {
  it('sends with the key and to the host of the datafile', async () => {
    const [sandbox] = await sandboxes('first-key');
    const { odp } = await boot(sandbox!.datafileUrl);
    await delivered(odp);
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('moves to another account without a restart', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const { odp } = await boot(first!.datafileUrl);
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
    const { odp } = await boot(sandbox!.datafileUrl);
    odp.trackOdpEvent(login);
    await until(() => expect(odp.stats().suspended).toBe(true));
    sandbox!.setIntegration(undefined);
    await sandbox!.waitFor(1);
    expect(odp.stats().suspended).toBe(false);
  });

  it('sends what waited with the old key and host, and then goes on with the new ones', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const items: string[] = [];
    const { odp, log } = await boot(first!.datafileUrl, {}, PATIENT);
    odp.events$.subscribe(({ type }) => items.push(type));
    await odp.sendOdpEvents([login, login, login]);
    first!.setIntegration(second!.integration());
    await first!.waitFor(3);
    await until(() => expect(items).toContain('integrated'));
    await odp.sendOdpEvents([login, login]);
    await odp.flush();
    expect(first!.events()).toHaveLength(3);
    expect(second!.events()).toHaveLength(2);
    expect(log()).toContain(`events go to ${second!.url} from now on`);
    expect(keysSeen(first!, second!)).toEqual([['first-key'], ['second-key']]);
  });

  it('sends what the old account no longer takes to the new one', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const { odp } = await boot(first!.datafileUrl, {}, PATIENT);
    first!.setApiKey('rotated');
    await odp.sendOdpEvents([login, login, login]);
    first!.setIntegration(second!.integration());
    await second!.waitFor(3);
    expect(odp.stats()).toMatchObject({ suspended: false, rejected: 0 });
  });

  it('gives up on an old account that hangs after 10 s, by the clock', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const clock = new ManualClock();
    const { odp } = await boot(first!.datafileUrl, {}, PATIENT, clock);
    first!.fail({ hang: true, path: '/v3' });
    await odp.sendOdpEvents([login, login]);
    first!.setIntegration(second!.integration());
    await until(() => expect(odp.stats().inFlight).toBe(2));
    await odp.sendOdpEvent(login);
    await until(async () => {
      await clock.advance(1000);
      expect(second!.events().length).toBeGreaterThan(0);
    });
    // What hung was broken off by its own timeout, and went again.
    await until(async () => {
      await clock.advance(1000);
      expect(second!.events()).toHaveLength(3);
    });
  });

  it('sends to the new account at once when the app ends', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const delivery = { flushInterval: '1h', shutdownTimeout: 500 } as const;
    const { app, odp } = await boot(first!.datafileUrl, {}, { delivery });
    first!.fail({ hang: true, path: '/v3' });
    await odp.sendOdpEvent(login);
    first!.setIntegration(second!.integration());
    await until(() => expect(odp.stats().inFlight).toBe(1));
    await odp.sendOdpEvents([login, login]);
    const closing = app.close();
    await second!.waitFor(2);
    await closing;
  });

  it('keeps what waits while the datafile names no account, and delivers it once it does', async () => {
    const [sandbox] = await sandboxes('first-key');
    const items: string[] = [];
    const { odp, log } = await boot(sandbox!.datafileUrl);
    odp.events$.subscribe(({ type }) => items.push(type));
    sandbox!.fail({ status: 403, path: '/v3' });
    await odp.sendOdpEvents([login, login, login]);
    await until(() => expect(odp.stats().suspended).toBe(true));
    sandbox!.setIntegration(null);
    await until(() => expect(items).toContain('disintegrated'));
    await expect(odp.sendOdpEvent(login)).rejects.toThrow(
      OdpNotIntegratedError,
    );
    sandbox!.clearFaults();
    const requests = sandbox!.requests().length;
    expect(await odp.flush()).toEqual({ pending: 3 });
    expect(sandbox!.requests()).toHaveLength(requests);
    sandbox!.setIntegration(undefined);
    await until(() => expect(odp.stats().delivered).toBe(3));
    expect(items.filter((type) => type.endsWith('integrated'))).toEqual([
      'disintegrated',
      'integrated',
    ]);
    expect(log()).toContain('waiting ones stay in the outbox');
    expect(odp.stats()).toMatchObject({ accepted: 3, dropped: 1 });
  });

  it('refuses events while the datafile names no account, and takes them once it does', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.setIntegration(null);
    const { odp } = await boot(sandbox!.datafileUrl);
    await expect(odp.sendOdpEvent(login)).rejects.toThrow(
      OdpNotIntegratedError,
    );
    sandbox!.setIntegration(undefined);
    await until(() => delivered(odp));
    expect(sandbox!.events()).toHaveLength(1);
  });

  it.each<[string, Partial<OdpSandboxIntegration>, string]>([
    [
      'a plain http host',
      { host: 'http://odp.example' },
      `${HOST} https, as the API key travels there; set allowInsecureHost: true if you do want plain http)`,
    ],
    [
      'a host that is no URL',
      { host: 'odp.example' },
      `${HOST} an absolute URL, such as https://api.us1.odp.optimizely.com)`,
    ],
    ['no host', { host: '' }, 'names an ODP integration without a host'],
    [
      'no key',
      { publicKey: '' },
      'names an ODP integration without a publicKey',
    ],
    [
      'a key that no header holds',
      { publicKey: 'S3cr3t\r\nx: 1' },
      'names an ODP key with spaces or control characters',
    ],
  ])(
    'keeps the last usable account while the datafile names %s',
    async (_, change, problem) => {
      const [sandbox] = await sandboxes('first-key');
      const { odp, log } = await boot(sandbox!.datafileUrl);
      sandbox!.setIntegration({ ...sandbox!.integration(), ...change });
      await until(() =>
        expect(log()).toContain(
          `The datafile of SDK key sandbox (${sandbox!.datafileUrl}) ${problem}: what it named last stays in use`,
        ),
      );
      expect(log()).not.toMatch(/first-key|S3cr3t/);
      await delivered(odp);
      expect(sandbox!.events()).toHaveLength(1);
    },
  );

  it('keeps the last usable account while the datafile is broken or refused', async () => {
    const [sandbox] = await sandboxes('first-key');
    const { odp, log } = await boot(sandbox!.datafileUrl);
    const path = '/datafiles';
    sandbox!.fail({ status: 200, body: '{"version":"4",', path, times: 1 });
    await until(() => expect(log()).toContain('is broken'));
    sandbox!.fail({ status: 500, path });
    await until(() => expect(log()).toContain('answered with status 500'));
    await delivered(odp);
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('waits for a datafile that is late', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ latency: 200, path: '/datafiles' });
    const { odp } = await boot(sandbox!.datafileUrl);
    await delivered(odp);
  });

  it('boots and ends while the first datafile is under way', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ hang: true, path: '/datafiles' });
    const { app, log } = await boot(sandbox!.datafileUrl, { readyTimeout: 10 });
    expect(log()).toContain('has not named the ODP account after 10 ms');
    await app.close();
  });

  it('lets what is held wait in a durable outbox for the next start', async () => {
    const [sandbox] = await sandboxes('first-key');
    const path = await mkdtemp(join(tmpdir(), 'odp-hold-'));
    onTestFinished(() => rm(path, { recursive: true }));
    const held = { readyTimeout: 10, whenNotReady: 'hold' } as const;
    sandbox!.fail({ status: 503, path: '/datafiles' });
    const first = await boot(sandbox!.datafileUrl, held, {
      outbox: fileOutbox({ path }),
    });
    await first.odp.sendOdpEvents([login, login, login]);
    await first.app.close();
    expect(first.log()).toContain('3 events stay behind in the outbox');
    sandbox!.clearFaults();
    await boot(sandbox!.datafileUrl, held, { outbox: fileOutbox({ path }) });
    await sandbox!.waitFor(3);
  });

  it('waits at the end for an account to send to, if nothing would survive', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ status: 503, path: '/datafiles' });
    const { app, odp, log } = await boot(sandbox!.datafileUrl, {
      readyTimeout: 10,
      whenNotReady: 'hold',
    });
    await odp.sendOdpEvent(login);
    const closed = app.close();
    sandbox!.clearFaults();
    await closed;
    expect(log()).toContain('Everything accepted was delivered');
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('boots after readyTimeout without a datafile, refuses events, and ends', async () => {
    const { odp } = await boot('http://127.0.0.1:9/none.json', {
      readyTimeout: 30,
    });
    await expect(odp.sendOdpEvent(login)).rejects.toThrow(OdpNotReadyError);
  });

  it('stands beside no key', async () => {
    await expect(
      boot('http://127.0.0.1:9/none.json', {}, { apiKey: 'key' }),
    ).rejects.toThrow('apiKey must be left out together with integration');
  });

  it('says which SDK key and address answered what, and goes on trying', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ status: 403, path: '/datafiles' });
    const { odp, log } = await boot(`${sandbox!.datafileUrl}?token=S3cr3t`, {
      sdkKey: 'unknown-key',
      readyTimeout: 30,
    });
    await until(() => {
      expect(log()).toContain(
        `The datafile of SDK key unknown-key (${sandbox!.datafileUrl}?…) was answered with status 403: every event is discarded until it names the ODP account`,
      );
    });
    expect(log()).not.toContain('S3cr3t');
    sandbox!.clearFaults();
    await until(() => delivered(odp));
  });

  it('goes on trying when the first datafile is broken, which its SDK does not', async () => {
    const [sandbox] = await sandboxes('first-key');
    const body = '{"version":"4","integrations":[{"publicKey":"S3cr3t",';
    sandbox!.fail({ status: 200, body, path: '/datafiles', times: 2 });
    const { odp, log } = await boot(sandbox!.datafileUrl, { readyTimeout: 10 });
    await until(() => delivered(odp));
    expect(log()).toContain('is broken (the SDK cannot read it)');
    expect(log()).not.toContain('S3cr3t');
  });

  it('counts what it discards, and one warning tells how much that was', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ status: 404, path: '/datafiles' });
    const { odp, log } = await boot(sandbox!.datafileUrl, { readyTimeout: 10 });
    odp.trackOdpEvent(login);
    await expect(odp.sendOdpEvent(login)).rejects.toThrow(OdpNotReadyError);
    await expect(odp.sendOdpEvents([login, login, login])).rejects.toThrow(
      OdpNotReadyError,
    );
    expect(odp.stats()).toMatchObject({ dropped: 5, accepted: 0 });
    sandbox!.clearFaults();
    await until(() => expect(log()).toContain('ODP is integrated'));
    const told = log()
      .split('\n')
      .filter((line) => line.includes('discarded so far'));
    expect(told).toEqual([expect.stringContaining('5 events')]);
  });

  it('holds events until the datafile is there, if told so', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ status: 503, path: '/datafiles' });
    const { odp, log } = await boot(sandbox!.datafileUrl, {
      readyTimeout: 10,
      whenNotReady: 'hold',
    });
    await odp.sendOdpEvents([login, login]);
    odp.trackOdpEvent(login);
    expect(odp.stats()).toMatchObject({ accepted: 3, dropped: 0 });
    sandbox!.clearFaults();
    await sandbox!.waitFor(3);
    expect(log()).toContain('events wait in the outbox until');
  });

  it.each([
    [{ sdkKey: ' ' }, 'sdkKey'],
    [{ accessToken: 'a b' }, 'accessToken'],
    [{ whenNotReady: 'wait' as never }, 'whenNotReady'],
    [{ url: 'file:///datafile.json' }, 'url'],
    [{ url: 'http://mirror.example/d.json', accessToken: 'S3cr3t' }, 'url'],
    [{ pollIntervall: 5 } as never, 'pollIntervall'],
    [{ url: 'datafile.json' }, 'url'],
    [{ pollInterval: 0 }, 'pollInterval'],
    [{ readyTimeout: -1 }, 'readyTimeout'],
  ])('refuses %o', (options, name) => {
    expect(() => datafileIntegration({ sdkKey: 'key', ...options })).toThrow(
      `datafileIntegration.${name}`,
    );
  });
});
