import {
  type Client,
  createInstance,
  createPollingProjectConfigManager,
  createStaticProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import { OdpNotReadyError } from 'nestjs-optimizely-odp';
import { optimizelyClientIntegration } from 'nestjs-optimizely-odp/datafile';
import type { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bootWith,
  delivered,
  login,
  sandboxes,
  until,
} from './datafile-app.js';

/** The client that an app has for its flags. */
function client(
  projectConfigManager: ReturnType<typeof createPollingProjectConfigManager>,
): Client {
  const started = createInstance({ projectConfigManager });
  onTestFinished(async () => void (await started.close()));
  return started;
}

const polling = (sandbox: OdpSandbox) =>
  client(
    createPollingProjectConfigManager({
      sdkKey: 'sandbox',
      urlTemplate: sandbox.datafileUrl,
      autoUpdate: true,
      updateInterval: 20,
    }),
  );

describe("optimizelyClientIntegration with the app's own client", () => {
  it('sends with the account of its datafile, and follows it', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    const { odp, app } = await bootWith(
      optimizelyClientIntegration(polling(first!)),
    );
    await delivered(odp);
    expect(first!.events()).toHaveLength(1);
    first!.setIntegration(second!.integration());
    await until(async () => {
      await delivered(odp);
      expect(second!.events().length).toBeGreaterThan(0);
    });
    await app.close();
  });

  it('takes one that was ready before, with a datafile that never changes', async () => {
    const [sandbox] = await sandboxes('first-key');
    const datafile = await (await fetch(sandbox!.datafileUrl)).text();
    const ready = client(createStaticProjectConfigManager({ datafile }));
    const { odp } = await bootWith(optimizelyClientIntegration(ready));
    await delivered(odp);
    expect(sandbox!.events()).toHaveLength(1);
  });

  it('leaves the client to the app', async () => {
    const [sandbox] = await sandboxes('first-key');
    const own = polling(sandbox!);
    const { app } = await bootWith(optimizelyClientIntegration(own));
    await app.close();
    sandbox!.setIntegration(null);
    await until(() =>
      expect(own.getOptimizelyConfig()!.getDatafile()).toContain(
        '"integrations":[]',
      ),
    );
  });

  it('discards or holds while the client has no datafile', async () => {
    const [sandbox] = await sandboxes('first-key');
    sandbox!.fail({ status: 404, path: '/datafiles' });
    const own = polling(sandbox!);
    const options = { readyTimeout: 10 };
    const rejecting = await bootWith(optimizelyClientIntegration(own, options));
    await expect(rejecting.odp.sendOdpEvent(login)).rejects.toThrow(
      OdpNotReadyError,
    );
    const holding = await bootWith(
      optimizelyClientIntegration(own, { ...options, whenNotReady: 'hold' }),
    );
    await holding.odp.sendOdpEvent(login);
    expect(holding.log()).toContain(
      "The datafile of the app's Optimizely client has not named the ODP account after 10 ms: events wait in the outbox",
    );
    sandbox!.clearFaults();
    await sandbox!.waitFor(1);
  });

  it.each([undefined, null, {}, 'client', { notificationCenter: {} }])(
    'refuses %o, which is no client',
    (none) => {
      expect(() => optimizelyClientIntegration(none as never)).toThrow(
        'optimizelyClientIntegration.client must be a client of @optimizely/optimizely-sdk',
      );
    },
  );
});
