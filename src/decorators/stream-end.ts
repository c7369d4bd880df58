import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { HandlerEnd } from './handler-end.js';

/** How a returned stream of bytes ends, once it does; `undefined` for what is none. */
export function streamEnd(result: unknown): Promise<HandlerEnd> | undefined {
  const stream = result instanceof StreamableFile ? result.getStream() : result;
  if (!(stream instanceof Readable)) return undefined;
  return finished(stream, { writable: false }).then(
    () => ({ outcome: 'success', result }),
    (error: NodeJS.ErrnoException) =>
      // Nest destroys the stream of a client that has left, without an error.
      error.code === 'ERR_STREAM_PREMATURE_CLOSE'
        ? { outcome: 'abandoned', result }
        : { outcome: 'error', error },
  );
}
