/** Enough for the complaints about 500 events; whatever follows is not read. */
const LONGEST_BODY = 256 * 1024;

/** The body as text, at most the first {@link LONGEST_BODY} bytes of it. */
export async function readBody(data: unknown): Promise<string> {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return data.slice(0, LONGEST_BODY);
  if (Buffer.isBuffer(data)) return data.toString('utf8', 0, LONGEST_BODY);
  if (isStream(data)) return readStream(data);
  // An app's adapter or interceptor has parsed it already.
  return (JSON.stringify(data) ?? '').slice(0, LONGEST_BODY);
}

type Chunks = AsyncIterable<Uint8Array | string>;

/** Node's own, or a web stream of axios' fetch adapter. */
const isStream = (data: unknown): data is Chunks =>
  typeof data === 'object' && data !== null && Symbol.asyncIterator in data;

async function readStream(stream: Chunks): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream, and with it the connection.
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size >= LONGEST_BODY) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, LONGEST_BODY);
}
