import { expect, it } from 'vitest';
import { AccountLog, lastLine } from './account-log.js';
import type { ResolvedOptions } from './resolved-options.js';

const outbox = {
  name: 'memory',
  durability: 'process',
  storeClosed: false,
} as const;
const none = { delivered: 0, rejected: 0, expired: 0, dropped: 0 };

it.each([
  [0, { delivered: 3 }, 'log', /^Everything accepted was delivered$/],
  [0, { rejected: 1 }, 'log', /delivered, given up or erased$/],
  [0, { dropped: 1 }, 'log', /delivered, given up or erased$/],
  [1, {}, 'warn', /^1 event stays behind in the outbox \(memory\)/],
  [2, {}, 'warn', /^2 events stay behind in the outbox \(memory\)/],
  [undefined, { delivered: 3 }, 'warn', /unknown/],
] as const)('%s left, %j: %s', (left, counted, level, text) => {
  const counters = { ...none, ...counted };
  const line = lastLine({ left, erased: 0, counters, outbox });
  expect(line.level).toBe(level);
  expect(line.text).toMatch(text);
  expect(line.facts).toMatchObject({ ...counted, left: left ?? 'unknown' });
});

it.each([
  [0, false, /^Nothing waits in the outbox \(redis \(odp\)\)$/],
  [2, false, /^2 events wait in the outbox .* for another instance/],
  [undefined, false, /unknown, as the outbox did not answer/],
  [undefined, true, /^The app has closed .* unknown whether events wait/],
] as const)(
  'claims nothing of an outbox that instances share: %s left, closed: %s',
  (left, storeClosed, text) => {
    const shared = {
      name: 'redis (odp)',
      durability: 'server',
      storeClosed,
    } as const;
    const counters = { ...none, delivered: 3 };
    const line = lastLine({ left, erased: 0, counters, outbox: shared });
    expect(line.text).toMatch(text);
    expect(line.facts).toMatchObject({ delivered: 3 });
  },
);

it('does not take for delivered what was erased', () => {
  const { text } = lastLine({ left: 0, erased: 1, counters: none, outbox });
  expect(text).toMatch(/erased$/);
});

it.each([
  [{ OPTIMIZELY_ODP_OPD_API_KEY: 'secret' }, 'OPTIMIZELY_ODP_OPD_API_KEY'],
  [{ OPTIMIZELY_OPD_API_KEY: 'secret' }, 'OPTIMIZELY_OPD_API_KEY'],
  [{ OPTIMIZELY_ODP_API_KEY: 'secret' }, 'OPTIMIZELY_ODP_API_KEY'],
  [{ OPTIMIZELY_ODP_EMEA_API_KEY: ' ', OTHER_API_KEY: 'secret' }, undefined],
])(
  'an account without a key tells of one that it does not read: %j',
  (environment, found) => {
    const lines: string[] = [];
    const add = (line: string) => lines.push(line);
    const logger = { log: add, warn: add, error: add, debug: add };
    new AccountLog(logger, 'default').notIntegrated(environment);
    const there =
      found === undefined ? 'imported [' : `There is ${found}, which`;
    expect(lines[0]).toContain(there);
    expect(lines[0]).not.toContain('secret');
  },
);

it.each([
  ['https://api.eu1.odp.optimizely.com', '[account=default region=eu]'],
  ['https://proxy.example.com', '[account=default]'],
])('names the region only of a host of ODP: %s', (apiHost, facts) => {
  const lines: string[] = [];
  const add = (line: string) => lines.push(line);
  const logger = { log: add, warn: add, error: add, debug: add };
  const options = { outbox, region: 'eu', regionOfSuffix: 'eu', apiHost };
  new AccountLog(logger, 'default').opened(options as ResolvedOptions, false);
  expect(lines).toEqual([expect.stringContaining(`${apiHost};`)]);
  expect(lines[0]?.endsWith(facts)).toBe(true);
});
