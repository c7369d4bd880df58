import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBody } from './read-body.js';

const BOUND = 256 * 1024;

/** Never ends by itself. */
const endless = () => {
  let reads = 0;
  const stream = new Readable({
    read() {
      reads++;
      this.push(Buffer.alloc(16 * 1024, 'x'));
    },
  });
  return { stream, reads: () => reads };
};

describe('readBody', () => {
  it('reads a stream to its end', async () => {
    const parts = [
      '{"a":"',
      Buffer.from('ü').subarray(0, 1),
      Buffer.from('ü').subarray(1),
      '"}',
    ];
    expect(await readBody(Readable.from(parts, { objectMode: true }))).toBe(
      '{"a":"ü"}',
    );
    expect(await readBody(Readable.from([]))).toBe('');
  });

  it('reads a web stream, as the fetch adapter gives it', async () => {
    expect(await readBody(new Response('{"a":1}').body)).toBe('{"a":1}');
  });

  it('reads so much of an endless stream, and destroys it', async () => {
    const { stream, reads } = endless();
    const closed = new Promise((resolve) => stream.on('close', resolve));
    expect(await readBody(stream)).toBe('x'.repeat(BOUND));
    await closed;
    expect(stream.destroyed).toBe(true);
    expect(reads()).toBeLessThan(40);
  });

  it('cancels an endless web stream', async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.alloc(64 * 1024, 'x')),
      cancel: () => {
        cancelled = true;
      },
    });
    expect(await readBody(stream)).toHaveLength(BOUND);
    expect(cancelled).toBe(true);
  });

  it('has what came until the time was up, and destroys the stream', async () => {
    const stream = new Readable({ read() {} });
    stream.push('<html>');
    const text = await readBody(stream, BOUND, (stop) => {
      setImmediate(stop);
      return () => {};
    });
    expect(text).toBe('<html>');
    expect(stream.destroyed).toBe(true);
  });

  it('has what came until the stream broke, and calls the limit off', async () => {
    let calledOff = 0;
    const stream = Readable.from(
      (async function* () {
        yield await Promise.resolve('{');
        throw new Error('reset');
      })(),
    );
    const text = await readBody(stream, BOUND, () => () => {
      calledOff++;
    });
    expect([text, calledOff]).toEqual(['{', 1]);
  });

  it('rejects when the stream breaks', async () => {
    const stream = new Readable({
      read() {
        this.destroy(new Error('reset'));
      },
    });
    await expect(readBody(stream)).rejects.toThrow('reset');
  });

  it.each<[unknown, string]>([
    [undefined, ''],
    [null, ''],
    ['text', 'text'],
    [Buffer.from('bytes'), 'bytes'],
    [{ detail: { invalids: [] } }, '{"detail":{"invalids":[]}}'],
    [[1], '[1]'],
    [5, '5'],
    [() => 1, ''],
  ])('takes %o, that an interceptor has read already', async (data, text) => {
    expect(await readBody(data)).toBe(text);
  });

  it.each([
    ['text', 'x'.repeat(BOUND * 2)],
    ['bytes', Buffer.alloc(BOUND * 2, 'x')],
    ['an object', { a: 'x'.repeat(BOUND * 2) }],
  ])('cuts %s to the same bound', async (_what, data) => {
    expect(await readBody(data)).toHaveLength(BOUND);
  });
});
