import { connect } from 'node:net';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { OdpSandbox, OdpSandboxError } from 'nestjs-optimizely-odp/sandbox';
import { describe, expect, it } from 'vitest';
import { anEvent, post, sandboxes } from './support.js';

const actions = (events: readonly { event: { action?: string } }[]) =>
  events.map(({ event }) => event.action);

describe('waitFor', () => {
  const start = sandboxes();

  it('resolves once so many events have arrived', async () => {
    const sandbox = await start();
    const waiting = sandbox.waitFor(3);
    await post(sandbox, [anEvent('a'), anEvent('b')]);
    await post(sandbox, anEvent('c'));
    expect(actions(await waiting)).toEqual(['a', 'b', 'c']);
    expect(actions(await sandbox.waitFor(2))).toEqual(['a', 'b', 'c']);
  });

  it('resolves to the event that matches, whether here or to come', async () => {
    const sandbox = await start();
    const waiting = sandbox.waitFor(({ event }) => event.action === 'b');
    await post(sandbox, [anEvent('a'), anEvent('b'), anEvent('b')]);
    expect(await waiting).toMatchObject({ seq: 2 });
    expect(
      await sandbox.waitFor(({ event }) => event.action === 'a'),
    ).toMatchObject({ seq: 1 });
  });

  it('rejects when nothing comes, saying how much did', async () => {
    const sandbox = await start();
    await post(sandbox, anEvent('a'));
    const waiting = sandbox.waitFor(2, { timeout: 10 });
    await expect(waiting).rejects.toThrow(OdpSandboxError);
    await expect(waiting).rejects.toThrow(
      'No sign of 2 events within 10 ms; 1 arrived',
    );
  });

  it('rejects with what the predicate throws', async () => {
    const sandbox = await start();
    const waiting = sandbox.waitFor(() => {
      throw new Error('mine');
    });
    waiting.catch(() => undefined);
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
    await expect(waiting).rejects.toThrow('mine');
  });

  it('rejects when the sandbox is closed', async () => {
    const sandbox = await start();
    const waiting = sandbox.waitFor(1);
    waiting.catch(() => undefined);
    await sandbox.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('customers', () => {
  const start = sandboxes();

  it('stitches what shares an identifier, by way of others too', async () => {
    const sandbox = await start();
    await post(sandbox, [
      anEvent('web', { vuid: 'v1' }),
      anEvent('shop', { email: 'a@example.com', phone: '' }),
      anEvent('stranger', { email: 'b@example.com', phone: '' }),
    ]);
    expect(sandbox.customers()).toHaveLength(3);
    await post(sandbox, [
      anEvent('login', { vuid: 'v1', email: 'a@example.com' }),
      anEvent('nobody', { email: ' ' }),
    ]);
    expect(sandbox.customers()).toHaveLength(2);
    const ada = sandbox.customer({ vuid: 'v1' })!;
    expect(ada.identifiers).toEqual({ vuid: ['v1'], email: ['a@example.com'] });
    expect(actions(ada.events)).toEqual(['web', 'shop', 'login']);
    expect(sandbox.customer({ email: 'a@example.com' })).toEqual(ada);
    expect(sandbox.customer({ vuid: 'v2' })).toBeUndefined();
  });
});

describe('what is kept', () => {
  const start = sandboxes();

  it('is the newest, and so are customers and duplicates', async () => {
    const sandbox = await start({ maxEvents: 3 });
    const known = { idempotence_id: 'one' };
    await post(sandbox, [anEvent('a', { email: 'a' }, known), anEvent('b')]);
    await post(sandbox, anEvent('c'));
    await post(sandbox, anEvent('d'));
    expect(actions(sandbox.events())).toEqual(['a', 'b', 'c', 'd']);
    await post(sandbox, anEvent('e'));
    expect(actions(sandbox.events())).toEqual(['c', 'd', 'e']);
    expect(sandbox.customer({ email: 'a' })).toBeUndefined();
    expect(actions(await sandbox.waitFor(5))).toEqual(['c', 'd', 'e']);
    await post(sandbox, anEvent('f', { email: 'a' }, known));
    expect(sandbox.events().at(-1)).toMatchObject({ seq: 6, duplicate: false });
  });

  it('is forgotten by reset, and counted afresh', async () => {
    const sandbox = await start();
    const event = anEvent('a', undefined, { idempotence_id: 'one' });
    await post(sandbox, event);
    sandbox.setSegments({ email: 'ada@example.com' }, ['vip']);
    sandbox.fail({ status: 500 });
    sandbox.reset();
    expect(sandbox.events()).toEqual([]);
    expect(sandbox.requests()).toEqual([]);
    expect(sandbox.customers()).toEqual([]);
    const waiting = sandbox.waitFor(1);
    await post(sandbox, event);
    expect(await waiting).toMatchObject([{ seq: 2, duplicate: false }]);
    expect(sandbox.customers()).toMatchObject([{ segments: {} }]);
  });
});

/** fetch would not let the Host header be set. */
async function get(url: string, host: string): Promise<number> {
  const sent = httpRequest(`${url}/v3/profiles?email=a`, {
    headers: { host },
  }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode as number;
}

describe('start and close', () => {
  const start = sandboxes();

  it('binds to loopback', async () => {
    expect((await start()).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await start({ host: '::1' })).url).toMatch(/^http:\/\/\[::1\]:/);
  });

  it('says that its port is taken', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(start({ port })).rejects.toMatchObject({
      code: 'portTaken',
      message: expect.stringContaining(`Port ${port}`),
    });
  });

  it.each([
    [{ port: 70_000 }, 'port'],
    [{ maxEvents: 0 }, 'maxEvents'],
    [{ maxBodyBytes: 1.5 }, 'maxBodyBytes'],
    [{ apiKey: ' ' }, 'apiKey'],
    [{ onInvalid: 'keep' as 'keep-valid' }, 'onInvalid'],
  ])('refuses %j', async (options, named) => {
    await expect(OdpSandbox.start(options)).rejects.toMatchObject({
      code: 'invalidOption',
      message: expect.stringContaining(named),
    });
  });

  it('closes though a client is half way through a request', async () => {
    const sandbox = await start();
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.write(
      'POST /v3/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n[',
    );
    await post(sandbox, anEvent('a'));
    await sandbox.close();
    await closed;
    await expect(post(sandbox, anEvent('b'))).rejects.toThrow('fetch failed');
  });

  it('survives a client that breaks off in the middle of a body', async () => {
    const sandbox = await start();
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /v3/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n[',
    );
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('answers to no name but its own while bound to loopback', async () => {
    const { url } = await start();
    expect(await get(url, 'evil.example')).toBe(421);
    expect(await get(url, '127.0.0.1.evil.example:80')).toBe(421);
    expect(await get(url, 'localhost:4100')).toBe(404);
    const open = await start({ host: '0.0.0.0' });
    expect(await get(open.url, 'odp.internal')).toBe(404);
  });
});
