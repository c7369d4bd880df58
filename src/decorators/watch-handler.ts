import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { HandlerEnd } from './handler-end.js';
import { streamEnd } from './stream-end.js';

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
      // Whoever leaves while being handed a value, as `first()` does, has got
      // what was asked for.
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
