import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';

/** How a handler ended. */
export type HandlerEnd =
  | { readonly outcome: 'success'; readonly result: unknown }
  | { readonly outcome: 'error'; readonly error: unknown }
  /** The client, or an interceptor around the handler, left before the end. */
  | { readonly outcome: 'abandoned'; readonly result: unknown };

/**
 * Watches how a handler ends, without changing or delaying what it returns.
 * A stream has ended when it completes.
 *
 * @param onEnd must not throw
 */
export function watchHandler(
  onEnd: (end: HandlerEnd) => void,
): MonoTypeOperatorFunction<unknown> {
  return (source) =>
    new Observable((subscriber) => {
      let result: unknown;
      let emitting = false;
      let ended = false;
      const end = (how: HandlerEnd) => {
        if (ended) return;
        ended = true;
        const stream = how.outcome === 'success' && streamEnd(how.result);
        if (stream) void stream.then(onEnd);
        else onEnd(how);
      };
      // A subscriber that leaves on receiving a value, as `first()` does, has got
      // what it wanted.
      subscriber.add(() =>
        end({ outcome: emitting ? 'success' : 'abandoned', result }),
      );
      return source.subscribe({
        next: (value) => {
          result = value;
          emitting = true;
          subscriber.next(value);
          emitting = false;
        },
        error: (error: unknown) => {
          end({ outcome: 'error', error });
          subscriber.error(error);
        },
        complete: () => {
          end({ outcome: 'success', result });
          subscriber.complete();
        },
      });
    });
}

/** How a returned stream of bytes ends; `undefined` if it is not a stream. */
function streamEnd(result: unknown): Promise<HandlerEnd> | undefined {
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
