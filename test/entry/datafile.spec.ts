import {
  OdpNotIntegratedError,
  OdpNotReadyError,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import {
  datafileIntegration,
  type DatafileIntegrationOptions,
} from 'nestjs-optimizely-odp/datafile';
import { describe, expect, it } from 'vitest';
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
) =>
  bootWith(
    datafileIntegration({
      sdkKey: 'sandbox',
      url,
      pollInterval: 20,
      ...options,
    }),
    more,
  );

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

  it('keeps the last usable account while the datafile names one that is not', async () => {
    const [sandbox] = await sandboxes('first-key');
    const { odp, log } = await boot(sandbox!.datafileUrl);
    const { publicKey } = sandbox!.integration()!;
    sandbox!.setIntegration({
      publicKey: publicKey!,
      host: 'http://odp.example',
    });
    await until(() => {
      expect(log()).toContain(
        'names an ODP host that is no https URL: what it told last holds',
      );
    });
    expect(log()).not.toContain(publicKey);
    await delivered(odp);
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
    ).rejects.toThrow('apiKey must be left out beside integration');
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
        `The datafile of SDK key unknown-key (${sandbox!.datafileUrl}?…) was answered with status 403: every event is discarded until it tells the ODP account`,
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
    expect(log()).toContain('is broken: the SDK cannot read it');
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
      .filter((line) => line.includes('discarded until now'));
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
