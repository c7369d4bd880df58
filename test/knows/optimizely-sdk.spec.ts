import 'reflect-metadata';
import {
  createInstance,
  createPollingProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import { optimizelyClientIntegration } from 'nestjs-optimizely-odp/datafile';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { expect, it, onTestFinished } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';

const email = 'ada@example.com';

// The recipe of docs/segments.md.
it("decisions of the app's own Optimizely client use the segments found here, and ask ODP nothing themselves", async () => {
  const sandbox = await OdpSandbox.start({
    segments: [{ name: 'vip', when: { type: 'order', atLeast: 3 } }],
  });
  onTestFinished(() => sandbox.close());
  const client = createInstance({
    projectConfigManager: createPollingProjectConfigManager({
      sdkKey: 'sandbox',
      urlTemplate: sandbox.datafileUrl,
    }),
  });
  onTestFinished(async () => {
    await client.close();
  });
  const { odp } = await startOdpApp({
    apiKey: undefined,
    apiHost: undefined,
    integration: optimizelyClientIntegration(client),
  });
  const isOn = async (cache?: 'ignore') => {
    const user = client.createUserContext(email);
    user.qualifiedSegments = await odp.fetchQualifiedSegments(
      { email },
      { cache },
    );
    return user.decide('vip').enabled;
  };

  expect(await isOn()).toBe(false);
  sandbox.setSegments({ email }, ['vip']);
  expect(await isOn('ignore')).toBe(true);
  expect(sandbox.requests()).toHaveLength(2);
});
