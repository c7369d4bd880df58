import { Readable } from 'node:stream';

/** Enough for the complaints about 500 events; whatever follows is not read. */
const LONGEST_BODY = 256 * 1024;

/** The body as text, at most the first {@link LONGEST_BODY} bytes of it. */
export async function readBody(data: unknown): Promise<string> {
  if (data instanceof Readable) return readStream(data);
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return data.slice(0, LONGEST_BODY);
  if (Buffer.isBuffer(data)) return data.toString('utf8', 0, LONGEST_BODY);
  // An app's adapter or interceptor has parsed it already.
  return JSON.stringify(data).slice(0, LONGEST_BODY);
}

async function readStream(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream, and with it the connection.
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size >= LONGEST_BODY) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, LONGEST_BODY);
}
