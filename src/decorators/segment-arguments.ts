import { OdpConfigurationError } from '../errors/index.js';

/** Names of segments, then options. */
export type SegmentArguments<Options extends object> =
  readonly string[] | readonly [...segments: string[], options: Options];

/** @throws OdpConfigurationError while the class is declared */
export function readSegmentArguments<Options extends object>(
  decorator: string,
  given: SegmentArguments<Options>,
): {
  readonly segments: readonly string[];
  readonly options: Partial<Options>;
} {
  const all: readonly unknown[] = given;
  const last = all.at(-1);
  const hasOptions = typeof last === 'object' && last !== null;
  const segments = hasOptions ? all.slice(0, -1) : all;
  for (const name of segments) {
    if (typeof name === 'string' && name.trim() !== '') continue;
    throw wrong(decorator, 'must be given names of segments, then options');
  }
  return {
    segments: segments as readonly string[],
    options: hasOptions ? last : {},
  };
}

export const wrong = (decorator: string, message: string) =>
  new OdpConfigurationError([{ path: decorator, message }]);
