import type { MetadataScanner } from '@nestjs/core';
import type { providersOf } from '../service/index.js';

type Wrapper = ReturnType<typeof providersOf>[number];
// oxlint-disable-next-line typescript/no-unsafe-function-type -- a class, whatever its constructor takes
export type Class = Function;

/** A method of a class, inherited ones included. */
export interface Method {
  readonly name: string;
  readonly handler: object;
}

/** The classes behind them, each once, request-scoped and transient ones too, which have no instance at boot. */
export function classesOf(wrappers: readonly Wrapper[]): Set<Class> {
  return new Set(wrappers.flatMap((wrapper) => classOf(wrapper) ?? []));
}

export function methodsOf(
  { prototype }: Class,
  scanner: MetadataScanner,
): Method[] {
  return scanner.getAllMethodNames(prototype as object).map((name) => ({
    name,
    handler: (prototype as Record<string, object>)[name]!,
  }));
}

function classOf({ metatype, isNotMetatype, instance }: Wrapper) {
  const type: unknown = isNotMetatype
    ? (instance as object | null | undefined)?.constructor
    : metatype;
  return typeof type === 'function' && type.prototype ? type : undefined;
}
