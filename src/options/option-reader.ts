import type { OdpViolation } from '../errors/index.js';
import { isName, pathOf } from '../names.js';
import { parseDuration } from './duration.js';
import { closest, show } from './hints.js';
import { parseSize } from './size.js';

/**
 * Reads one group of options with its defaults, and reports every problem under
 * the option's path. What it returns after a problem is never used.
 */
export class OptionReader<T extends object> {
  readonly #given: Readonly<Partial<Record<string, unknown>>>;
  readonly #path: string;
  readonly #defaults: T;
  readonly #problems: OdpViolation[];

  constructor(
    given: unknown,
    path: string,
    defaults: T,
    problems: OdpViolation[],
  ) {
    this.#path = path;
    this.#defaults = defaults;
    this.#problems = problems;
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
      this.#given = given as Record<string, unknown>;
    } else {
      this.#given = {};
      if (given !== undefined && given !== null)
        this.#report('', 'must be an object of options', given);
      else if (path === '')
        this.#report('', 'are missing: the options factory returned nothing');
    }
  }

  /** What was given, else the default. */
  value(key: keyof T & string): unknown {
    return this.#given[key] ?? this.#defaults[key];
  }

  flag(key: keyof T & string): boolean {
    const value = this.value(key);
    if (typeof value !== 'boolean')
      this.#report(key, 'must be true or false', value, ['true', 'false']);
    return value === true;
  }

  number(key: keyof T & string, least: number): number {
    const value = this.value(key);
    if (typeof value === 'number' && Number.isFinite(value) && value >= least) {
      return value;
    }
    this.#report(key, `must be a number of at least ${least}`, value);
    return least;
  }

  integer(key: keyof T & string, least: number, most?: number): number {
    const value = this.value(key);
    if (
      typeof value === 'number' &&
      Number.isSafeInteger(value) &&
      value >= least &&
      value <= (most ?? value)
    ) {
      return value;
    }
    this.#report(
      key,
      most === undefined
        ? `must be a whole number of at least ${least}`
        : `must be a whole number from ${least} to ${most}`,
      value,
    );
    return least;
  }

  /** In ms. */
  duration(key: keyof T & string, least: number): number {
    const value = this.value(key);
    const ms = parseDuration(value);
    if (ms !== undefined && ms >= least) return ms;
    this.#report(
      key,
      `must be ms or a string such as '30s', at least ${least} ms`,
      value,
    );
    return least;
  }

  /** In bytes. */
  size(key: keyof T & string, least: number): number {
    const value = this.value(key);
    const bytes = parseSize(value);
    if (bytes !== undefined && bytes >= least) return bytes;
    this.#report(
      key,
      `must be bytes or a string such as '1mb', at least ${least} bytes`,
      value,
    );
    return least;
  }

  /** Ignores upper and lower case. */
  oneOf<V extends string>(
    key: keyof T & string,
    allowed: readonly V[],
  ): V | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
    const found = allowed.find((one) => one.toLowerCase() === text);
    if (found === undefined)
      this.#report(key, `must be one of ${allowed.join(', ')}`, value, allowed);
    return found;
  }

  /** One that may be absent, and needs a check of its own. */
  optional<V>(
    key: keyof T & string,
    is: (value: unknown) => value is V,
    problem: string,
  ): V | undefined {
    const value = this.value(key);
    if (value === undefined || is(value)) return value;
    this.#report(key, problem, value);
    return undefined;
  }

  /** One that has no default, and needs a check of its own. */
  required<V>(
    key: keyof T & string,
    is: (value: unknown) => value is V,
    problem: string,
  ): V {
    const value = this.value(key);
    if (!is(value)) this.#report(key, problem, value);
    return value as V;
  }

  /** One that may be absent. */
  function(key: keyof T & string): (() => unknown) | undefined {
    return this.optional(
      key,
      (value): value is () => unknown => typeof value === 'function',
      'must be a function',
    );
  }

  /** In ms; `undefined` if it is absent. */
  optionalDuration(key: keyof T & string, least: number): number | undefined {
    return this.value(key) === undefined
      ? undefined
      : this.duration(key, least);
  }

  signal(key: keyof T & string): AbortSignal | undefined {
    return this.optional(
      key,
      (value) => value instanceof AbortSignal,
      'must be an AbortSignal',
    );
  }

  /** Where `null` does not count as absent. */
  refuseNulls(): void {
    for (const [key, value] of Object.entries(this.#given)) {
      if (value === null && Object.hasOwn(this.#defaults, key)) {
        this.#report(key, 'must not be null; leave it out');
      }
    }
  }

  /** A misspelt option would otherwise be silently ignored. */
  refuseUnknown(): void {
    const names = Object.keys(this.#defaults);
    for (const key of Object.keys(this.#given)) {
      if (Object.hasOwn(this.#defaults, key)) continue;
      const meant = closest(key, names);
      this.#report(
        key,
        meant === undefined
          ? `is not an option; there are ${names.join(', ')}`
          : `is not an option; ${meant} is probably meant (there are ${names.join(', ')})`,
      );
    }
  }

  #report(
    key: string,
    problem: string,
    value?: unknown,
    allowed?: readonly string[],
  ): void {
    const group = this.#path === '' ? 'options' : this.#path;
    const isAlone = this.#path === '' && isName(key);
    const path = key === '' ? group : isAlone ? key : pathOf(group, key);
    const message =
      value === undefined
        ? problem
        : `${problem} (it is ${show(value, allowed)})`;
    this.#problems.push({ path, message });
  }
}
