import { Readable } from 'node:stream';

/** Enough for complaints about 500 events; the rest is not read. */
export const MAX_BODY_BYTES = 256 * 1024;

/** How long the rest of an answer is awaited if its status says enough, in ms. */
export const BODY_TIMEOUT_MS = 1000;

/** Calls `stop` when the time is up. Returns a function that calls it off. */
export type TimeLimit = (stop: () => void) => () => void;

/**
 * The body as text, at most its first `bytes`. Rejects if it breaks off, unless
 * there is a `limit`: then what has arrived is enough.
 */
export async function readBody(
  data: unknown,
  bytes: number = MAX_BODY_BYTES,
  limit?: TimeLimit,
): Promise<string> {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return data.slice(0, bytes);
  if (Buffer.isBuffer(data)) return data.toString('utf8', 0, bytes);
  if (isStream(data)) return readStream(data, bytes, limit);
  // Parsed already, by an adapter or interceptor of the app.
  return (JSON.stringify(data) ?? '').slice(0, bytes);
}

type Chunks = AsyncIterable<Uint8Array | string>;

/** Node's own, or a web stream of axios' fetch adapter. */
const isStream = (data: unknown): data is Chunks =>
  typeof data === 'object' && data !== null && Symbol.asyncIterator in data;

async function readStream(
  stream: Chunks,
  most: number,
  limit: TimeLimit | undefined,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // A web stream cannot be cancelled while it is being read; the request's own
  // signal ends it.
  const clear =
    stream instanceof Readable ? limit?.(() => stream.destroy()) : undefined;
  try {
    // Leaving the loop early destroys the stream, and with it the connection.
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size >= most) break;
    }
  } catch (error) {
    if (limit === undefined) throw error;
  } finally {
    clear?.();
  }
  return Buffer.concat(chunks).toString('utf8', 0, most);
}
