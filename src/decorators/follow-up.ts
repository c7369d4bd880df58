/**
 * Goes on with a value: at once, or once its promise has resolved. Nearly all
 * of them are there already, and a promise for each would cost every request
 * more than what is done with it.
 */
export const followUp = <T, R>(
  value: T | Promise<T>,
  step: (value: T) => R | Promise<R>,
): R | Promise<R> =>
  value instanceof Promise ? value.then(step) : step(value);
