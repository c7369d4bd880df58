import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { OdpConfigurationError } from '../errors/index.js';
import { memoryOutbox, OdpOutbox } from '../outbox/index.js';
import { resolveOptions } from './resolve-options.js';

const KEY = 'W4WzcEs-ABgXorzY7h1LCQ';

const whoIsCalling = () => ({ vuid: 'v' });

function problemsOf(options: unknown): Record<string, string> {
  try {
    resolveOptions(options);
    return {};
  } catch (error) {
    if (!(error instanceof OdpConfigurationError)) throw error;
    return Object.fromEntries(
      error.problems.map(({ path, message }) => [path, message]),
    );
  }
}

const pathsOf = (options: unknown) => Object.keys(problemsOf(options));

/** `path` is such as `delivery.retry.factor`. */
const withOption = (path: string, value: unknown): unknown => {
  const result = path
    .split('.')
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return result;
};

const read = (options: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, key) => (value as Record<string, unknown>)[key],
      options,
    );

describe('defaults', () => {
  it('are those of the documentation', () => {
    const { outbox, ...options } = resolveOptions({});
    expect(outbox).toBeInstanceOf(OdpOutbox);
    expect(outbox.name).toBe(memoryOutbox().name);
    expect(options).toEqual({
      apiKey: undefined,
      allowInsecureHost: false,
      allowPlaceholderIdentifiers: false,
      http: undefined,
      region: 'us',
      apiHost: 'https://api.us1.odp.optimizely.com',
      enabled: true,
      commonData: {},
      eventTime: true,
      identity: undefined,
      delivery: {
        batchSize: 500,
        maxBatchBytes: 1024 * 1024,
        flushInterval: 1000,
        maxConcurrentRequests: 16,
        maxRequestsPerSecond: undefined,
        requestTimeout: 10_000,
        maxEventAge: 24 * 60 * 60 * 1000,
        shutdownTimeout: 5000,
        retry: { delay: 200, factor: 2, maxDelay: 30_000, jitter: true },
      },
      segments: {
        cacheSize: 10_000,
        cacheTimeout: 10 * 60 * 1000,
        requestTimeout: 5000,
      },
      deadLetters: {
        maxAge: 30 * 24 * 60 * 60 * 1000,
        maxCount: 100_000,
        maxBytes: 256 * 1024 * 1024,
      },
    });
  });

  it('stand if an option is undefined or null', () => {
    const { outbox: _, ...absent } = resolveOptions({
      apiKey: undefined,
      region: null,
      enabled: null,
      commonData: null,
      identity: null,
      outbox: null,
      delivery: { batchSize: undefined, retry: null },
      deadLetters: null,
    });
    const { outbox: __, ...defaults } = resolveOptions({});
    expect(absent).toEqual(defaults);
  });

  it('give each account an outbox of its own', () => {
    expect(resolveOptions({}).outbox).not.toBe(resolveOptions({}).outbox);
  });
});

describe.each<[string, { right: unknown[]; wrong: unknown[] }]>([
  ['region', { right: ['us', 'eu', 'au'], wrong: ['emea', '', 'de', 5, {}] }],
  ['allowInsecureHost', { right: [true, false], wrong: ['true', 1, {}] }],
  ['enabled', { right: [true, false], wrong: ['false', 0, ''] }],
  ['eventTime', { right: [true, false], wrong: ['true', 1] }],
  [
    'delivery.batchSize',
    { right: [1, 500], wrong: [0, 501, -1, 1.5, NaN, Infinity, '100'] },
  ],
  [
    'delivery.maxConcurrentRequests',
    { right: [1, 64], wrong: [0, -1, 0.5, Infinity, '4', 2 ** 53] },
  ],
  [
    'delivery.retry.factor',
    { right: [1, 1.5, 10], wrong: [0.9, 0, -1, NaN, Infinity, '2'] },
  ],
  ['delivery.retry.jitter', { right: [true, false], wrong: ['no', 0.5] }],
  [
    'deadLetters.maxCount',
    { right: [0, 1000], wrong: [-1, 1.5, '100', Infinity] },
  ],
  [
    'deadLetters.maxBytes',
    { right: [0, 1024], wrong: ['much', '', '1 parsec', -1, NaN, {}, true] },
  ],
])('%s', (path, { right, wrong }) => {
  it.each(right)('takes %j', (value) => {
    expect(read(resolveOptions(withOption(path, value)), path) ?? value).toBe(
      value,
    );
  });

  it.each(wrong)('refuses %o', (value) => {
    expect(pathsOf(withOption(path, value))).toEqual([path]);
  });
});

describe.each([
  ['delivery.flushInterval', 0],
  ['delivery.requestTimeout', 1],
  ['delivery.maxEventAge', 1],
  ['delivery.shutdownTimeout', 0],
  ['delivery.retry.delay', 1],
  ['delivery.retry.maxDelay', 1],
  ['deadLetters.maxAge', 0],
])('%s', (path, least) => {
  it.each<[unknown, number]>([
    [1500, 1500],
    ['1500', 1500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1d', 86_400_000],
  ])('reads %j as %d ms', (value, ms) => {
    expect(read(resolveOptions(withOption(path, value)), path)).toBe(ms);
  });

  it(`is at least ${least} ms`, () => {
    expect(read(resolveOptions(withOption(path, least)), path)).toBe(least);
    expect(problemsOf(withOption(path, least - 0.5))).toEqual({
      [path]: `must be ms or a string such as '30s', at least ${least} ms (it is ${least - 0.5})`,
    });
  });

  it.each(['soon', '', '-5s', '5 parsecs', -1, NaN, Infinity, true, {}, []])(
    'refuses %o',
    (value) => {
      expect(pathsOf(withOption(path, value))).toEqual([path]);
    },
  );
});

describe('region and host', () => {
  it.each([
    [KEY, 'us'],
    [`${KEY}-us1`, 'us'],
    [`${KEY}-eu1`, 'eu'],
    [`${KEY}-au1`, 'au'],
    [`${KEY}-eu1.c2VjcmV0`, 'eu'],
    [`${KEY}-au1.secret-eu1`, 'au'],
    [`${KEY}.secret-eu1`, 'us'],
    [`eu1-${KEY}`, 'us'],
    [`  ${KEY}-eu1\n`, 'eu'],
  ])('come from the key %j: %s', (apiKey, region) => {
    expect(resolveOptions({ apiKey })).toMatchObject({
      apiKey: apiKey.trim(),
      region,
      apiHost: `https://api.${region}1.odp.optimizely.com`,
    });
  });

  it('are what the options say', () => {
    expect(
      resolveOptions({ apiKey: `${KEY}-eu1`, region: 'au' }),
    ).toMatchObject({
      region: 'au',
      apiHost: 'https://api.au1.odp.optimizely.com',
    });
    expect(
      resolveOptions({ region: 'eu', apiHost: 'https://odp.proxy.example' }),
    ).toMatchObject({ region: 'eu', apiHost: 'https://odp.proxy.example' });
  });
});

describe('apiHost', () => {
  it.each([
    ['https://proxy.example/', 'https://proxy.example'],
    ['https://proxy.example/odp//', 'https://proxy.example/odp'],
    ['https://proxy.example:8443/odp', 'https://proxy.example:8443/odp'],
    ['HTTPS://Proxy.Example', 'https://proxy.example'],
  ])('%s is %s', (apiHost, address) => {
    expect(resolveOptions({ apiHost }).apiHost).toBe(address);
  });

  it.each([
    'http://localhost:8080',
    'http://odp.localhost:8080',
    'http://127.0.0.1:8080',
    'http://127.1.2.3',
    'http://[::1]:8080',
  ])('may be plain http on this machine: %s', (apiHost) => {
    expect(resolveOptions({ apiHost }).apiHost).toBe(apiHost);
  });

  it.each([
    'http://proxy.example',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://evil-localhost',
    'http://0.0.0.0:8080',
    'http://[::2]',
  ])('must be https on another: %s', (apiHost) => {
    expect(problemsOf({ apiHost })).toEqual({
      apiHost: expect.stringContaining('allowInsecureHost: true') as unknown,
    });
    expect(resolveOptions({ apiHost, allowInsecureHost: true }).apiHost).toBe(
      apiHost,
    );
  });

  it.each([
    '',
    'api.us1.odp.optimizely.com',
    '/v3',
    'ftp://proxy.example',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://',
    'https://user:secret@proxy.example',
    'https://proxy.example/?key=secret',
    'https://proxy.example/#part',
    'https://proxy.example/v3/events',
    'https://proxy.example/odp/v3/graphql/',
    'https://proxy.example/V3',
    5,
    {},
  ])('refuses %o, allowInsecureHost or not', (apiHost) => {
    expect(pathsOf({ apiHost })).toEqual(['apiHost']);
    const allowed = problemsOf({ apiHost, allowInsecureHost: true });
    expect(Object.keys(allowed)).toEqual(['apiHost']);
    expect(JSON.stringify(allowed)).not.toContain('secret');
  });
});

test('a bad value is shown, and what was probably meant is named', () => {
  expect(
    problemsOf({
      region: 'europe',
      apihost: 'https://proxy.example',
      delivery: { batchsize: 3, flushIntervall: 1, xyz: 1 },
    }),
  ).toEqual({
    region: 'must be one of us, eu, au (it is "europe")',
    apihost: expect.stringContaining('apiHost is probably meant') as string,
    'delivery.batchsize': expect.stringContaining(
      'batchSize is probably meant',
    ) as string,
    'delivery.flushIntervall': expect.stringContaining(
      'flushInterval is probably meant',
    ) as string,
    'delivery.xyz': expect.stringMatching(
      /^is not an option; there are batchSize/,
    ) as string,
  });
});

test('a region may be written in any case', () => {
  expect(resolveOptions({ region: ' EU' as never })).toMatchObject({
    region: 'eu',
    apiHost: 'https://api.eu1.odp.optimizely.com',
  });
});

describe('apiKey', () => {
  it.each([undefined, null, '', '  \n'])('may be absent: %j', (apiKey) => {
    expect(resolveOptions({ apiKey }).apiKey).toBeUndefined();
  });

  it.each([
    `${KEY}\r\nx-injected: 1`,
    `${KEY} ${KEY}`,
    `${KEY}\0`,
    `${KEY}\u007f`,
    `${KEY}ä`,
    `"${KEY}\u200b"`,
    5,
    [KEY],
    { KEY },
  ])('refuses what a header cannot hold: %o', (apiKey) => {
    const problems = problemsOf({ apiKey });
    expect(problems).toEqual({
      apiKey: 'must be a string without spaces or control characters',
    });
  });
});

describe('commonData', () => {
  it('follows the rules of event data', () => {
    const order = { order_id: 1, items: [{ product_id: 'p' }] };
    expect(
      resolveOptions({ commonData: { a: 1, b: null, c: undefined, order } })
        .commonData,
    ).toEqual({ a: 1, b: null, order });
    expect(
      pathsOf({ commonData: { a: {}, b: NaN, order: { items: [{}] } } }),
    ).toEqual([
      'commonData.a',
      'commonData.b',
      'commonData.order.items[0].product_id',
      'commonData.order.order_id',
    ]);
    expect(pathsOf({ commonData: [] })).toEqual(['commonData']);
  });

  it.each(['id', 5])('has no idempotence_id: %j', (idempotence_id) => {
    expect(pathsOf({ commonData: { idempotence_id } })).toEqual([
      'commonData.idempotence_id',
    ]);
  });

  it('is a copy', () => {
    const commonData = { shop: 'de' };
    const options = resolveOptions({ commonData });
    commonData.shop = 'changed';
    expect(options.commonData).toEqual({ shop: 'de' });
  });
});

describe('identity and outbox', () => {
  it('are taken as they are', () => {
    const outbox = memoryOutbox();
    const options = resolveOptions({ identity: whoIsCalling, outbox });
    expect(options.identity).toBe(whoIsCalling);
    expect(options.outbox).toBe(outbox);
  });

  it.each([{}, 'memory', () => memoryOutbox(), { append: () => {} }])(
    'refuse what is none: %o',
    (outbox) => {
      expect(pathsOf({ outbox })).toEqual(['outbox']);
    },
  );

  it.each([{}, 'vuid', { vuid: 'v' }, Promise.resolve()])(
    'refuse an identity that is no function: %o',
    (identity) => {
      expect(pathsOf({ identity })).toEqual(['identity']);
    },
  );
});

describe('unknown options', () => {
  it.each([
    'apikey',
    'delivery.batchsize',
    'delivery.retry.maxdelay',
    'batchSize',
    'toString',
    'constructor',
    'delivery.hasOwnProperty',
  ])('%s is refused, naming those there are', (path) => {
    const problems = problemsOf(withOption(path, 1));
    expect(Object.keys(problems)).toEqual([path]);
    const sibling = path.startsWith('delivery.retry')
      ? 'maxDelay'
      : path.startsWith('delivery')
        ? 'batchSize'
        : 'apiKey';
    expect(problems[path]).toContain(sibling);
  });

  it('and groups that are none are refused', () => {
    for (const value of ['5s', 5, [], true, () => ({})]) {
      expect(pathsOf({ delivery: value })).toEqual(['delivery']);
      expect(pathsOf({ delivery: { retry: value } })).toEqual([
        'delivery.retry',
      ]);
      expect(pathsOf(value)).toEqual(['options']);
    }
  });

  it('a factory that returned nothing is reported', () => {
    for (const nothing of [undefined, null]) {
      expect(problemsOf(nothing)).toEqual({
        options: expect.stringContaining('factory returned nothing') as unknown,
      });
    }
  });
});

describe('OdpConfigurationError', () => {
  it('lists every problem at once', () => {
    const options = {
      apiKey: `${KEY}\n${KEY}`,
      apihost: 'x',
      apiHost: 'http://proxy.example',
      region: 'mars',
      commonData: { a: {} },
      delivery: {
        batchSize: 0,
        requestTimeout: 'soon',
        retry: { factor: 0, jiter: true },
      },
    };
    const paths = [
      'apiKey',
      'region',
      'apiHost',
      'commonData.a',
      'delivery.batchSize',
      'delivery.requestTimeout',
      'delivery.retry.factor',
      'delivery.retry.jiter',
      'apihost',
    ];
    expect(pathsOf(options)).toEqual(paths);
    expect(() => resolveOptions(options)).toThrow(
      expect.objectContaining({ name: 'OdpConfigurationError' }),
    );
    for (const path of paths) {
      expect(() => resolveOptions(options)).toThrow(`${path} `);
    }
  });

  it('never shows a key', () => {
    const secret = 'S3cr3t-key';
    fc.assert(
      fc.property(
        fc.constantFrom('\n', '\0', ' ', '\u007f', 'é', '\u2028'),
        fc.constantFrom('region', 'apiHost', 'enabled', 'outbox', 'delivery'),
        (bad, option) => {
          const options = { apiKey: `${secret}${bad}x`, [option]: secret };
          expect(() => resolveOptions(options)).toThrow(
            expect.objectContaining({
              message: expect.not.stringContaining(secret) as unknown,
              problems: expect.not.arrayContaining([
                expect.objectContaining({
                  message: expect.stringContaining(secret) as unknown,
                }),
              ]) as unknown,
            }),
          );
        },
      ),
    );
  });
});
