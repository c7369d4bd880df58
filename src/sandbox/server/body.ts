import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body; `undefined` if it exceeds `limit` bytes, in which case the
 * rest is read and discarded, so that the client gets the answer. Rejects when the
 * client disconnects.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else chunks = [];
    });
    request.on('end', () => {
      if (length > limit) resolve(undefined);
      else resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    });
    request.on('error', reject);
  });
}
