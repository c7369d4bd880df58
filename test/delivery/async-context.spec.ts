import { AsyncLocalStorage } from 'node:async_hooks';
import { create } from 'axios';
import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

const request = new AsyncLocalStorage<string>();

/** An app that notes in whose context a line was logged, a request went out and an item was told. */
async function watchedApp() {
  const seen: [what: string, context: string | undefined][] = [];
  const see = (what: string) => seen.push([what, request.getStore()]);
  const axiosRef = create();
  axiosRef.interceptors.request.use((config) => {
    see('request');
    return config;
  });
  axiosRef.interceptors.response.use((response) => {
    see('response');
    return response;
  });
  const app = await startOdpApp({
    http: { axiosRef },
    delivery: { batchSize: 2 },
  });
  const { push } = app.log;
  app.log.push = (...lines) => {
    see('log');
    return push.apply(app.log, lines);
  };
  app.odp.events$.subscribe(({ type }) => see(type));
  return { ...app, seen };
}

test.each(['a full batch', 'flush', 'the wake timer'])(
  'delivery runs in the async context of no request: %s',
  async (what) => {
    const { odp, sandbox, clock, until, seen } = await watchedApp();
    sandbox.fail({ status: 503, times: 1 });
    await request.run('of a customer', async () => {
      await odp.sendOdpEvent(numbered(1));
      if (what === 'a full batch') await odp.sendOdpEvent(numbered(2));
      if (what === 'flush') void odp.flush();
    });
    if (what === 'the wake timer') await clock.advance(1000);
    await until('retrying');
    await clock.advance(1000);
    await until('delivered');
    const own = seen.filter(([, context]) => context !== undefined);
    expect(new Set(own.map(([item]) => item))).toEqual(new Set(['accepted']));
    expect(new Set(seen.map(([item]) => item))).toEqual(
      new Set([
        'accepted',
        'request',
        'retrying',
        'log',
        'response',
        'delivered',
      ]),
    );
  },
);
