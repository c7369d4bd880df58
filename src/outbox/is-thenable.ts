import type { MaybePromise } from './outbox.js';

/** Whether a value is still to come: a promise, or a query that starts when it is awaited. */
export const isThenable = <T>(
  value: MaybePromise<T>,
): value is PromiseLike<T> =>
  typeof (value as PromiseLike<T> | undefined)?.then === 'function';
