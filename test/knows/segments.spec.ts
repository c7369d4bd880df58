import 'reflect-metadata';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import {
  type FetchSegmentsOptions,
  OdpNotEnabledError,
  type OdpSegmentsLookup,
  OdpSegmentsError,
  OdpValidationError,
} from 'nestjs-optimizely-odp';
import { datafileIntegration } from 'nestjs-optimizely-odp/datafile';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';
import { soon } from '../support/soon.js';

const email = 'ada.lovelace@example.com';
const segments = ['vip', 'gold'];

const failure = async (asked: Promise<unknown>): Promise<OdpSegmentsError> => {
  const error: unknown = await asked.then(
    () => expect.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OdpSegmentsError);
  return error as OdpSegmentsError;
};

/** What ODP was asked, in order. */
const queries = (sandbox: OdpSandbox) =>
  sandbox.requests().map(
    ({ body }) =>
      body as {
        query: string;
        variables: { id: string; segments: string[] };
      },
  );

/** Counts how segments were found. */
function lookups() {
  const results: string[] = [];
  const listener = (message: unknown) => {
    results.push((message as OdpSegmentsLookup).result);
  };
  subscribe('optimizely-odp:segments', listener);
  onTestFinished(() => {
    unsubscribe('optimizely-odp:segments', listener);
  });
  return results;
}

describe('fetchQualifiedSegments', () => {
  it('returns those of the asked segments that the customer is qualified for', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments(
      { email },
      { vip: 'qualified', gold: 'not_qualified', other: 'qualified' },
    );
    expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual([
      'vip',
    ]);
    expect(sandbox.requests()).toMatchObject([
      { method: 'POST', path: '/v3/graphql' },
    ]);
    expect(queries(sandbox)[0]?.variables).toEqual({ id: email, segments });
  });

  it('takes a customer whom ODP does not know for one who is qualified for nothing, and keeps that', async () => {
    const { odp, sandbox, log } = await startOdpApp();
    log.length = 0;
    expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual(
      [],
    );
    expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual(
      [],
    );
    expect(sandbox.requests()).toHaveLength(1);
    expect(sandbox.requests()[0]?.answer).toContain(email);
    expect(log).toEqual([]);
  });

  it('keeps what ODP said for cacheTimeout, and says how old it is', async () => {
    const { odp, sandbox, clock } = await startOdpApp({
      segments: { cacheTimeout: '1m' },
    });
    sandbox.setSegments({ email }, ['vip']);
    const found = lookups();
    const ask = () =>
      odp.fetchQualifiedSegments({ email }, { segments, details: true });
    expect(await ask()).toEqual({ segments: ['vip'], cached: false, age: 0 });
    await clock.advance(59_999);
    sandbox.setSegments({ email }, ['gold']);
    expect(await ask()).toEqual({
      segments: ['vip'],
      cached: true,
      age: 59_999,
    });
    await clock.advance(1);
    expect(await ask()).toMatchObject({
      segments: ['vip', 'gold'],
      cached: false,
    });
    expect(found).toEqual(['miss', 'hit', 'miss']);
  });

  it('hands out lists of its own: changing one changes nothing', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip']);
    const ask = () => odp.fetchQualifiedSegments({ email }, { segments });
    (await ask()).push('admin');
    (await ask()).push('admin');
    expect(await ask()).toEqual(['vip']);
  });

  it('ignores the cache if asked to, and clears it for everybody if asked to', async () => {
    const { odp, sandbox } = await startOdpApp();
    const grace = { email: 'grace@example.com' };
    sandbox.setSegments({ email }, ['vip']);
    sandbox.setSegments(grace, ['vip']);
    const ask = (who: { email: string }, cache?: 'use' | 'ignore' | 'reset') =>
      odp.fetchQualifiedSegments(who, { segments, cache });
    await ask({ email });
    await ask(grace);
    sandbox.setSegments({ email }, { vip: null, gold: 'qualified' });
    sandbox.setSegments(grace, { vip: null, gold: 'qualified' });
    expect(await ask({ email }, 'ignore')).toEqual(['gold']);
    expect(await ask({ email })).toEqual(['vip']);
    expect(await ask({ email }, 'reset')).toEqual(['gold']);
    expect(await ask(grace)).toEqual(['gold']);
    expect(await ask({ email })).toEqual(['gold']);
    expect(sandbox.requests()).toHaveLength(5);
  });

  it('forgets the least recently used customer first', async () => {
    const { odp, sandbox } = await startOdpApp({ segments: { cacheSize: 2 } });
    const ask = (n: number) =>
      odp.fetchQualifiedSegments({ email: `${n}@example.com` }, { segments });
    for (const n of [1, 2, 1, 3, 1, 2]) await ask(n);
    expect(queries(sandbox).map(({ variables }) => variables.id[0])).toEqual([
      '1',
      '2',
      '3',
      '2',
    ]);
  });

  it.each([{ cacheSize: 0 }, { cacheTimeout: 0 }])(
    'keeps nothing with %o',
    async (options) => {
      const { odp, sandbox } = await startOdpApp({ segments: options });
      await odp.fetchQualifiedSegments({ email }, { segments });
      await odp.fetchQualifiedSegments({ email }, { segments });
      expect(sandbox.requests()).toHaveLength(2);
    },
  );

  it('keeps no customer whose identifier would fill memory', async () => {
    const { odp, sandbox } = await startOdpApp({ segments: { cacheSize: 20 } });
    const ask = (value: string) =>
      odp.fetchQualifiedSegments({ email: value }, { segments });
    await ask('a');
    for (let n = 0; n < 5; n++) {
      await ask(`${n}`.repeat(20_000));
      await ask(`${n}`.repeat(20_000));
    }
    await ask('a');
    expect(sandbox.requests()).toHaveLength(11);
    // Five of the second kind take up what twenty customers may.
    for (let n = 0; n < 5; n++) await ask(`${n}`.repeat(5000));
    await ask('a');
    expect(sandbox.requests()).toHaveLength(17);
  });

  it('makes 100 requests for 10,000 concurrent callers of 100 customers', async () => {
    const { odp, sandbox } = await startOdpApp();
    const found = lookups();
    const asked = await Promise.all(
      Array.from({ length: 10_000 }, (_, n) =>
        odp.fetchQualifiedSegments({ email: `${n % 100}@x.org` }, { segments }),
      ),
    );
    expect(asked).toHaveLength(10_000);
    expect(sandbox.requests()).toHaveLength(100);
    expect(found.filter((result) => result === 'joined')).toHaveLength(9900);
  });

  it('asks for what was asked before together with what is new, so that places share an answer', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip', 'gold']);
    const ask = (...names: string[]) =>
      odp.fetchQualifiedSegments({ email }, { segments: names });
    await ask('vip');
    expect(await ask('gold')).toEqual(['gold']);
    expect(await ask('vip')).toEqual(['vip']);
    expect(await ask('gold', 'vip')).toEqual(['gold', 'vip']);
    expect(queries(sandbox).map(({ variables }) => variables.segments)).toEqual(
      [['vip'], ['vip', 'gold']],
    );
  });

  it('asks by one identifier after the other', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ fs_user_id: 'u1' }, ['vip']);
    const ask = () =>
      odp.fetchQualifiedSegments({ email, fs_user_id: 'u1' }, { segments });
    expect(await ask()).toEqual(['vip']);
    expect(await ask()).toEqual(['vip']);
    expect(queries(sandbox).map(({ variables }) => variables.id)).toEqual([
      email,
      'u1',
    ]);
  });

  it('asks by a vuid, without hyphens, only if there is nothing else: it is of a browser that others have used', async () => {
    const { odp, sandbox } = await startOdpApp();
    const vuid = '01234567-89ab-cdef-0123-456789abcdef';
    const known = '0123456789abcdef0123456789abcdef';
    sandbox.setSegments({ vuid: known }, ['vip']);
    const ask = (who: Record<string, string>) =>
      odp.fetchQualifiedSegments(who, { segments });
    expect(await ask({ vuid, email })).toEqual([]);
    expect(await odp.customers.get({ vuid, email })).toBeUndefined();
    expect(await ask({ vuid, email: ' ' })).toEqual(['vip']);
    // A person's answer is shared by all of their browsers.
    expect(await ask({ email, vuid: 'f'.repeat(32) })).toEqual([]);
    const asked = sandbox
      .requests()
      .map(({ path, body }) =>
        path === '/v3/graphql'
          ? (body as { variables: { id: string } }).variables.id
          : path,
      );
    expect(asked).toEqual([
      email,
      '/v3/profiles?email=ada.lovelace%40example.com',
      known,
    ]);
  });

  it('fails if ODP is away, repeats no identifier, and caches nothing', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip']);
    sandbox.fail({
      status: 400,
      body: JSON.stringify({ detail: { message: `no ${email}` } }),
    });
    const error = await failure(
      odp.fetchQualifiedSegments({ email }, { segments }),
    );
    expect(error).toMatchObject({
      code: 'segmentsFailed',
      status: 400,
      reason: 'status 400',
    });
    expect(inspect(error, { depth: 9 })).not.toContain('lovelace');
    sandbox.clearFaults();
    expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual([
      'vip',
    ]);
  });

  it.each([
    [
      '{"errors":[{"message":"$","extensions":{"classification":"ValidationError"}}]}',
      'GraphQL answered ValidationError',
    ],
    [
      '{"errors":[{"message":"$","extensions":{"code":"a b $"}}],"data":null}',
      'GraphQL answered with an error',
    ],
    ['{"errors":[null]}', 'the answer could not be read'],
    ['{"errors":7,"data":{}}', 'the answer could not be read'],
    ['{"data":{}}', 'the answer could not be read'],
    [
      '{"data":{"customer":{"audiences":{"edges":7}}}}',
      'the answer could not be read',
    ],
    ['"$"', 'the answer could not be read'],
    ['', 'the answer could not be read'],
    ['<html>$</html>', 'status 200, but no JSON: a proxy answered'],
  ])('makes a failure of what it cannot read: %s', async (body, reason) => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.fail({ status: 200, body: body.replaceAll('$', email) });
    const error = await failure(
      odp.fetchQualifiedSegments({ email }, { segments }),
    );
    expect(error.reason).toBe(reason);
    expect(inspect(error, { depth: 9 })).not.toContain('lovelace');
  });

  it('reads an answer whose errors are null as one without errors', async () => {
    const { odp, sandbox } = await startOdpApp();
    const body = `{"errors":null,"data":{"customer":{"audiences":{"edges":[{"node":{"name":"vip"}}]}}}}`;
    sandbox.fail({ status: 200, body });
    expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual([
      'vip',
    ]);
  });

  it('takes nothing from an answer that was not asked for', async () => {
    const { odp, sandbox } = await startOdpApp();
    const node = (name: unknown, state?: unknown) => ({
      node: { name, state },
    });
    const edges = [
      node('vip'),
      node('gold', 'not_qualified'),
      node('admin', 'qualified'),
      node(7, 'qualified'),
      {},
    ];
    sandbox.fail({
      status: 200,
      body: JSON.stringify({ data: { customer: { audiences: { edges } } } }),
    });
    expect(await odp.fetchQualifiedSegments({ email }, { segments })).toEqual([
      'vip',
    ]);
  });

  it('gives up after requestTimeout, for everybody who waits', async () => {
    const { odp, sandbox, clock } = await startOdpApp({
      segments: { requestTimeout: '2s' },
    });
    sandbox.fail({ hang: true });
    const asked = [1, 2].map(() =>
      failure(odp.fetchQualifiedSegments({ email }, { segments })),
    );
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    await clock.advance(2000);
    for (const error of await Promise.all(asked)) {
      expect(error.reason).toBe('no answer within 2000 ms');
    }
  });

  describe('callers who share a request', () => {
    /** An ODP that answers each request when the test says so, and knows who has hung up. */
    async function slow() {
      const open: ServerResponse[] = [];
      let hungUp = 0;
      const server = createServer((request, response) => {
        request.resume();
        open.push(response);
        response.on('close', () => {
          if (!response.writableEnded) hungUp++;
        });
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      onTestFinished(() => {
        server.closeAllConnections();
        server.close();
      });
      const { port } = server.address() as AddressInfo;
      const app = await startOdpApp({ apiHost: `http://127.0.0.1:${port}` });
      return {
        ...app,
        hungUp: () => hungUp,
        requested: (count: number) =>
          soon(() => expect(open).toHaveLength(count)),
        answer: (n: number) =>
          open[n]!.writeHead(200, { 'content-type': 'application/json' }).end(
            '{"data":{"customer":{"audiences":{"edges":[{"node":{"name":"vip"}}]}}}}',
          ),
        /** Its answer, or its error. */
        ask: (options: FetchSegmentsOptions = {}) =>
          odpAnswer(
            app.odp.fetchQualifiedSegments(
              { email },
              {
                segments,
                ...options,
                details: false,
              },
            ),
          ),
      };
    }
    const odpAnswer = (asked: Promise<string[]>) =>
      asked.catch((error: unknown) => error);
    const late = (ms: number) =>
      expect.objectContaining({
        code: 'segmentsFailed',
        reason: `no answer within ${ms} ms`,
      }) as unknown;

    it('wait as long as each of them wants', async () => {
      const { ask, clock, requested, answer, hungUp } = await slow();
      const first = ask();
      const hasty = ask({ timeout: 1000 });
      await requested(1);
      await clock.advance(4900);
      const later = ask();
      expect(await hasty).toEqual(late(1000));
      await clock.advance(100);
      expect(await first).toEqual(late(5000));
      await clock.advance(4000);
      answer(0);
      expect(await later).toEqual(['vip']);
      // It is kept, as any answer.
      expect(await ask()).toEqual(['vip']);
      await requested(1);
      expect(hungUp()).toBe(0);
    });

    it('may leave, even all but one', async () => {
      const { ask, requested, answer, hungUp } = await slow();
      const leaving = new AbortController();
      const reason = new Error('the client has gone');
      const left = [1, 2, 3].map(() => ask({ signal: leaving.signal }));
      const staying = ask({ signal: new AbortController().signal });
      await requested(1);
      leaving.abort(reason);
      expect(await Promise.all(left)).toEqual([reason, reason, reason]);
      answer(0);
      expect(await staying).toEqual(['vip']);
      expect(hungUp()).toBe(0);
    });

    it('hang up once nobody waits any more, and whoever comes then asks anew', async () => {
      const { ask, clock, requested, answer, hungUp } = await slow();
      const leaving = new AbortController();
      const reason = new Error('the client has gone');
      const left = ask({ signal: leaving.signal });
      const hasty = ask({ timeout: 1000 });
      await requested(1);
      leaving.abort(reason);
      expect(await left).toBe(reason);
      expect(hungUp()).toBe(0);
      await clock.advance(1000);
      expect(await hasty).toEqual(late(1000));
      const next = ask();
      await requested(2);
      await soon(() => expect(hungUp()).toBe(1));
      answer(1);
      expect(await next).toEqual(['vip']);
    });

    it('who come long after a request that hangs, or want to wait longer, make one of their own', async () => {
      const { ask, clock, requested, answer } = await slow();
      const first = ask();
      await requested(1);
      const patient = ask({ timeout: 60_000 });
      await requested(2);
      await clock.advance(5001);
      expect(await first).toEqual(late(5000));
      const joined = ask();
      await clock.advance(4999);
      answer(1);
      expect(await Promise.all([patient, joined])).toEqual([['vip'], ['vip']]);
      await requested(2);
    });

    it('are not held up by one that hangs', async () => {
      const { ask, clock, requested, answer } = await slow();
      void ask();
      await requested(1);
      await clock.advance(4999);
      void ask();
      await clock.advance(2);
      const next = ask();
      await requested(2);
      answer(1);
      expect(await next).toEqual(['vip']);
    });
  });

  it('lets a caller leave without harm to others, and breaks off once all have left', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip']);
    sandbox.fail({ latency: 3_600_000, times: 1 });
    const leaving = new AbortController();
    const reason = new Error('gone');
    const ask = (signal?: AbortSignal, timeout?: number) =>
      odp
        .fetchQualifiedSegments({ email }, { segments, signal, timeout })
        .catch((error: unknown) => error);
    const one = ask(leaving.signal);
    const two = ask(undefined, 1000);
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    leaving.abort(reason);
    expect(await one).toBe(reason);
    await clock.advance(1000);
    expect(await two).toMatchObject({ reason: 'no answer within 1000 ms' });
    // Nobody waits for the first request any more, so it is not joined.
    expect(await ask()).toEqual(['vip']);
    expect(sandbox.requests()).toHaveLength(2);
    expect(await ask(AbortSignal.abort(reason))).toBe(reason);
  });

  it('saves nothing of a request that a reset, or another account, has overtaken', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip']);
    sandbox.fail({ latency: 50, times: 1 });
    const before = odp.fetchQualifiedSegments({ email }, { segments });
    const after = odp.fetchQualifiedSegments(
      { email },
      { segments, cache: 'reset' },
    );
    await after;
    sandbox.setSegments({ email }, { vip: null });
    await before;
    expect(sandbox.requests()).toHaveLength(2);
    expect(
      await odp.fetchQualifiedSegments({ email }, { segments, details: true }),
    ).toMatchObject({ cached: true });
  });

  it.each([
    [{}, {}, 'identifiers'],
    [{ email: '  ' }, {}, 'identifiers'],
    [{ 'e-mail) { x }': email }, {}, 'identifiers'],
    [{ __typename: email }, {}, 'identifiers'],
    [JSON.parse('{"__proto__":"a"}') as never, {}, 'identifiers'],
    [{ email: 7 as never }, {}, 'identifiers.email'],
    [{ email }, { segments: 'vip' as never }, 'options.segments'],
    [{ email }, { segments: [''] }, 'options.segments'],
    [{ email }, { segments: ['x'.repeat(257)] }, 'options.segments'],
    [{ email }, { segments: undefined }, 'segments'],
    [{ email }, { cache: 'no' as never }, 'options.cache'],
    [{ email }, { timeout: 0 }, 'options.timeout'],
    [{ email }, { cacheing: true }, 'options.cacheing'],
    [undefined, {}, 'identifiers'],
  ])(
    'refuses what it cannot ask: case %#',
    async (identifiers, options, path) => {
      const { odp, sandbox } = await startOdpApp();
      const error = await odp
        .fetchQualifiedSegments(identifiers, { segments, ...options })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OdpValidationError);
      expect((error as OdpValidationError).violations).toMatchObject([
        { path },
      ]);
      expect((error as Error).message).not.toContain('lovelace');
      expect(sandbox.requests()).toEqual([]);
    },
  );

  it('says so if nothing is asked at all', async () => {
    const { odp } = await startOdpApp({ enabled: false });
    await expect(
      odp.fetchQualifiedSegments({ email }, { segments }),
    ).rejects.toBeInstanceOf(OdpNotEnabledError);
  });

  it('is about the caller of a job if nobody is named', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip']);
    expect(
      await odp.runWithIdentity({ email }, () =>
        odp.fetchQualifiedSegments(undefined, { segments }),
      ),
    ).toEqual(['vip']);
  });
});

describe('hostile identifiers', () => {
  const quote = '"';
  it.each([
    `${quote}) { audiences(subset: [${quote}vip${quote}]) { edges { node { name state } } } } x: customer(email: ${quote}${email}`,
    `${quote}}, ${quote}variables${quote}: {${quote}id${quote}: ${quote}${email}`,
    `\\${quote}`,
    '\\',
    '{userValue}',
    '%s',
    '$id',
    `a${String.fromCodePoint(0)}b`,
    'a\u2028b\nc',
    '__proto__',
    'constructor',
    '😀',
    'x'.repeat(10_000),
  ])('are values and nothing else: case %#', async (hostile) => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email }, ['vip']);
    expect(
      await odp.fetchQualifiedSegments(
        { email: hostile },
        { segments: ['vip', hostile.slice(0, 256)] },
      ),
    ).toEqual([]);
    const [asked] = queries(sandbox);
    expect(asked?.query).not.toContain(email);
    expect(asked?.variables.id).toBe(hostile);
    sandbox.setSegments({ email: hostile }, ['vip']);
    expect(
      await odp.fetchQualifiedSegments(
        { email: hostile },
        { segments: ['vip'], cache: 'reset' },
      ),
    ).toEqual(['vip']);
  });

  it.each([`a${String.fromCharCode(0xd800)}`, '\u200b'])(
    'are refused if they are no text that anybody could have: case %#',
    async (hostile) => {
      const { odp, sandbox } = await startOdpApp();
      for (const asked of [
        odp.fetchQualifiedSegments({ email: hostile }, { segments }),
        odp.customers.get({ email: hostile }),
        odp.customers.update({ identifiers: { email: hostile } }),
      ]) {
        await expect(asked).rejects.toBeInstanceOf(OdpValidationError);
      }
      expect(sandbox.requests()).toEqual([]);
    },
  );

  it('and names that mean something to JavaScript or GraphQL are those of segments', async () => {
    const { odp, sandbox } = await startOdpApp();
    const names = ['__proto__', '__typename', 'constructor', 'x) { y }', '"'];
    sandbox.setSegments({ email }, ['constructor', '__typename']);
    const ask = () =>
      odp.fetchQualifiedSegments({ email }, { segments: names });
    expect(await ask()).toEqual(['__typename', 'constructor']);
    expect(await ask()).toEqual(['__typename', 'constructor']);
    expect(queries(sandbox).map(({ variables }) => variables.segments)).toEqual(
      [names],
    );
    // An identifier of that name is one that ODP does not have.
    await failure(
      odp.fetchQualifiedSegments({ constructor: 'a' }, { segments }),
    );
  });

  it('share no answer with others, whatever they look like', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.setSegments({ email: 'a' }, ['vip']);
    await odp.fetchQualifiedSegments({ email: 'a', phone: 'b' }, { segments });
    for (const one of [
      { email: 'a","phone","b' },
      { email: 'a"],["phone","b' },
      { email: '[["email","a"],["phone","b"]]' },
      { email: 'a phone:b' },
    ]) {
      expect(await odp.fetchQualifiedSegments(one, { segments })).toEqual([]);
    }
  });
});

describe('with a datafile', () => {
  const started = async () => {
    const sandbox = await OdpSandbox.start({
      segments: [
        { name: 'vip', when: { type: 'order' } },
        { name: 'gold', when: { type: 'order' } },
      ],
    });
    onTestFinished(() => sandbox.close());
    const app = await startOdpApp({
      apiKey: undefined,
      apiHost: undefined,
      integration: datafileIntegration({
        sdkKey: 'sandbox',
        url: sandbox.datafileUrl,
        pollInterval: 50,
      }),
    });
    return { ...app, account: sandbox };
  };

  it('asks about the segments that its audiences use', async () => {
    const { odp, account } = await started();
    account.setSegments({ email }, ['gold']);
    expect(await odp.fetchQualifiedSegments({ email })).toEqual(['gold']);
    expect(queries(account)[0]?.variables.segments).toEqual(['vip', 'gold']);
    account.removeSegment('vip');
    account.removeSegment('gold');
    await soon(async () => {
      expect(await odp.fetchQualifiedSegments({ email })).toEqual([]);
    });
    expect(queries(account)).toHaveLength(1);
  });

  it('forgets the customers of an account that is another now', async () => {
    const { odp, account } = await started();
    account.setSegments({ email }, ['gold']);
    await odp.fetchQualifiedSegments({ email });
    account.setIntegration({ ...account.integration(), publicKey: 'another' });
    await soon(async () => {
      await odp.fetchQualifiedSegments({ email });
      const keys = account
        .requests()
        .map(({ headers }) => headers['x-api-key']);
      expect(keys).toContain('another');
    });
  });
});
