import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';

/** When a returned stream of bytes has been sent; `undefined` for what is none. Rejects when it broke off. */
export function streamEnd(result: unknown): Promise<void> | undefined {
  const stream = result instanceof StreamableFile ? result.getStream() : result;
  return stream instanceof Readable ? finished(stream) : undefined;
}
