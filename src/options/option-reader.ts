import type { OdpViolation } from '../errors/index.js';
import { parseDuration } from './duration.js';
import { parseSize } from './size.js';

/**
 * Reads one group of options with its defaults and tells every problem, each
 * under the option's path. What it returns after a problem is never used.
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
        this.#tell('', 'must be an object of options');
      else if (path === '')
        this.#tell('', 'are missing: the options factory returned nothing');
    }
  }

  /** What was given, else the default. */
  value(key: keyof T & string): unknown {
    return this.#given[key] ?? this.#defaults[key];
  }

  flag(key: keyof T & string): boolean {
    const value = this.value(key);
    if (typeof value !== 'boolean') this.#tell(key, 'must be true or false');
    return value === true;
  }

  number(key: keyof T & string, least: number): number {
    const value = this.value(key);
    if (typeof value === 'number' && Number.isFinite(value) && value >= least) {
      return value;
    }
    this.#tell(key, `must be a number of at least ${least}`);
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
    this.#tell(
      key,
      most === undefined
        ? `must be a whole number of at least ${least}`
        : `must be a whole number from ${least} to ${most}`,
    );
    return least;
  }

  /** In ms. */
  duration(key: keyof T & string, least: number): number {
    const ms = parseDuration(this.value(key));
    if (ms !== undefined && ms >= least) return ms;
    this.#tell(key, `must be ms or text such as '30s', at least ${least} ms`);
    return least;
  }

  /** In bytes. */
  size(key: keyof T & string, least: number): number {
    const bytes = parseSize(this.value(key));
    if (bytes !== undefined && bytes >= least) return bytes;
    this.#tell(
      key,
      `must be bytes or text such as '1mb', at least ${least} bytes`,
    );
    return least;
  }

  oneOf<V extends string>(
    key: keyof T & string,
    allowed: readonly V[],
  ): V | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const found = allowed.find((one) => one === value);
    if (found === undefined)
      this.#tell(key, `must be one of ${allowed.join(', ')}`);
    return found;
  }

  /** A misspelt option would otherwise be ignored in silence. */
  refuseUnknown(): void {
    for (const key of Object.keys(this.#given)) {
      if (!Object.hasOwn(this.#defaults, key)) {
        this.#tell(
          key,
          `is no option; there are ${Object.keys(this.#defaults).join(', ')}`,
        );
      }
    }
  }

  #tell(key: string, message: string): void {
    const path = [this.#path, key].filter((part) => part !== '').join('.');
    this.#problems.push({ path: path === '' ? 'options' : path, message });
  }
}
