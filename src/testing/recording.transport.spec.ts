import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { OdpTransportError } from '../odp/index.js';
import { RecordingOdpTransport } from './recording.transport.js';

const KEY = 'secret-key';
const event = (action: string, data: Record<string, unknown> = {}) => ({
  type: 'order',
  action,
  identifiers: { email: 'ada@example.com', vuid: 'v1' },
  data: { idempotence_id: `id-${action}`, ...data },
});
const post = (
  transport: RecordingOdpTransport,
  events: unknown[],
  signal = new AbortController().signal,
) =>
  transport.send({
    account: 'default',
    method: 'POST',
    url: 'https://api.us1.odp.optimizely.com/v3/events',
    headers: { 'x-api-key': KEY },
    body: Buffer.from(JSON.stringify(events)),
    signal,
  });

describe('RecordingOdpTransport', () => {
  it('keeps what is sent, event by event and request by request', async () => {
    const transport = new RecordingOdpTransport();
    await post(transport, [event('purchase'), event('return')]);
    await post(transport, [event('cancel')]);
    expect(transport.sent).toEqual([
      event('purchase'),
      event('return'),
      event('cancel'),
    ]);
    expect(transport.requests).toEqual([
      {
        account: 'default',
        url: 'https://api.us1.odp.optimizely.com/v3/events',
        events: [event('purchase'), event('return')],
        attempt: 1,
      },
      expect.objectContaining({ events: [event('cancel')] }),
    ]);
    expect(inspect(transport, { depth: 9, showHidden: true })).not.toContain(
      KEY,
    );
  });

  it('answers as ODP does when all is well, until a test says otherwise', async () => {
    const transport = new RecordingOdpTransport();
    const answers = [await post(transport, [event('a')])];
    transport.respondWith(503);
    answers.push(await post(transport, [event('a')]));
    transport.respondWith(() => ({
      status: 429,
      headers: { 'Retry-After': '7' },
      body: { title: 'slow down' },
    }));
    answers.push(await post(transport, [event('a')]));
    transport.respondWith(async () => ({ body: 'fine' }));
    answers.push(await post(transport, [event('a')]));
    transport.respondWith(() => {});
    answers.push(await post(transport, [event('a')]));
    expect(answers).toEqual([
      { status: 202, headers: {}, body: '{}' },
      { status: 503, headers: {}, body: '{}' },
      {
        status: 429,
        headers: { 'retry-after': '7' },
        body: '{"title":"slow down"}',
      },
      { status: 202, headers: {}, body: 'fine' },
      { status: 202, headers: {}, body: '{}' },
    ]);
  });

  it('gives the function the events and the attempt', async () => {
    const transport = new RecordingOdpTransport();
    const seen: string[] = [];
    transport.respondWith(({ events, attempt }) => {
      seen.push(`${events.map(({ action }) => action).join('+')} ${attempt}`);
      return attempt < 3 ? 503 : 202;
    });
    for (const _ of [1, 2, 3]) {
      await post(transport, [event('a'), event('b')]);
    }
    await post(transport, [event('c')]);
    expect(seen).toEqual(['a+b 1', 'a+b 2', 'a+b 3', 'c 1']);
  });

  it('shows an event once however often it is tried, and twice when it is sent twice', async () => {
    const transport = new RecordingOdpTransport();
    transport.respondWith(({ attempt }) => (attempt === 1 ? 500 : 202));
    await post(transport, [event('a'), event('b')]);
    await post(transport, [event('a')]);
    await post(transport, [event('b')]);
    expect(transport.sent.map(({ action }) => action)).toEqual(['a', 'b']);
    expect(transport.requests).toHaveLength(3);
    transport.respondWith(202);
    await post(transport, [event('a'), event('c'), event('c')]);
    expect(transport.sent.map(({ action }) => action)).toEqual([
      'a',
      'b',
      'a',
      'c',
      'c',
    ]);
  });

  it('takes an error for no answer, and ends when it is aborted', async () => {
    const transport = new RecordingOdpTransport();
    transport.respondWith(() => {
      throw new Error('ECONNRESET');
    });
    await expect(post(transport, [event('a')])).rejects.toEqual(
      new OdpTransportError('ECONNRESET'),
    );
    transport.respondWith(() => new Promise(() => {}));
    const aborter = new AbortController();
    const hanging = post(transport, [event('b')], aborter.signal);
    aborter.abort();
    await expect(hanging).rejects.toBeInstanceOf(OdpTransportError);
    expect(transport.sent).toHaveLength(2);
  });

  it('filters by parts and by function', async () => {
    const transport = new RecordingOdpTransport();
    const order = { order_id: '1', items: [{ product_id: 'p', price: 2 }] };
    await post(transport, [event('purchase', { order }), event('return')]);
    const found = (filter: Parameters<typeof transport.filter>[0]) =>
      transport.filter(filter).map(({ action }) => action);
    expect(found({ type: 'order' })).toEqual(['purchase', 'return']);
    expect(found({ type: 'order', action: 'return' })).toEqual(['return']);
    expect(found({ identifiers: { vuid: 'v1' } })).toHaveLength(2);
    expect(found({ identifiers: { vuid: 'v2' } })).toEqual([]);
    expect(found({ identifiers: { phone: '1' } })).toEqual([]);
    expect(found({ data: { order: { order_id: '1' } } })).toEqual(['purchase']);
    expect(
      found({ data: { order: { items: [{ product_id: 'p' }] } } }),
    ).toEqual(['purchase']);
    expect(found({ data: { order: { items: [] } } })).toEqual([]);
    expect(found(({ action }) => action.startsWith('r'))).toEqual(['return']);
  });

  it('returns the single event, and says what was sent if there is none', async () => {
    const transport = new RecordingOdpTransport();
    expect(() => transport.single()).toThrow(
      'Expected a single event, found 0. Nothing was sent: await odp.flush() first; is apiKey set?',
    );
    await post(transport, [event('purchase')]);
    expect(transport.single()).toEqual(event('purchase'));
    await post(transport, [event('return')]);
    expect(transport.single({ action: 'return' })).toEqual(event('return'));
    expect(() => transport.single()).toThrow(
      'Expected a single event, found 2. Sent: order/purchase [email, vuid]; order/return [email, vuid].',
    );
    expect(() => transport.single({ action: 'cancel' })).toThrow(
      /^Expected a single event that matches, found 0\. Sent: order\/purchase \[email, vuid\]/,
    );
    try {
      transport.single();
    } catch (error) {
      expect(inspect(error)).not.toMatch(/ada@example|v1/);
    }
  });

  it('lists the first twenty', async () => {
    const transport = new RecordingOdpTransport();
    await post(
      transport,
      Array.from({ length: 25 }, (_, n) => event(`a${n}`)),
    );
    expect(() => transport.single()).toThrow(
      /a19 \[email, vuid\] and 5 more\.$/,
    );
  });

  it('waits for events, sent or to come', async () => {
    const transport = new RecordingOdpTransport();
    const two = transport.waitFor(2);
    const returned = transport.waitFor({ action: 'return' });
    await post(transport, [event('purchase')]);
    await post(transport, [event('return')]);
    expect(await two).toHaveLength(2);
    expect(await returned).toEqual(event('return'));
    expect(await transport.waitFor(1)).toHaveLength(2);
    expect(
      await transport.waitFor(({ action }) => action === 'purchase'),
    ).toEqual(event('purchase'));
  });

  it('waits no longer than it may', async () => {
    const transport = new RecordingOdpTransport();
    await post(transport, [event('purchase')]);
    await expect(transport.waitFor(2, { timeout: 1 })).rejects.toThrow(
      'Waited 1 ms for 2 events in vain. Sent: order/purchase [email, vuid].',
    );
    await expect(
      transport.waitFor({ action: 'x' }, { timeout: 1 }),
    ).rejects.toThrow('Waited 1 ms for an event in vain.');
  });

  it('begins anew', async () => {
    const transport = new RecordingOdpTransport();
    transport.respondWith(503);
    await post(transport, [event('a')]);
    transport.clear();
    expect([transport.sent, transport.requests]).toEqual([[], []]);
    expect(await post(transport, [event('a')])).toMatchObject({ status: 202 });
    expect(transport.requests).toMatchObject([{ attempt: 1 }]);
    expect(transport.sent).toHaveLength(1);
  });
});
