import 'reflect-metadata';
import type { OdpAction } from './odp-action.js';

const KEY = 'optimizely-odp:actions';
const METHODS = 'optimizely-odp:methods';

/** A handler or a controller class. */
export type Decorated = object;

/** Adds an action. Returns whether it is the first, on base classes too. */
export function addAction(target: Decorated, action: OdpAction): boolean {
  const before = actionsOf(target);
  Reflect.defineMetadata(KEY, [...before, action], target);
  return before.length === 0;
}

/** The actions of a handler or class, including those of base classes. */
export function actionsOf(target: Decorated): readonly OdpAction[] {
  return (
    (Reflect.getMetadata(KEY, target) as readonly OdpAction[] | undefined) ?? []
  );
}

/** Remembers that a method has actions: a decorator above may replace the method, and lose them. */
export function noteMethod(prototype: object, name: string | symbol): void {
  const noted = new Set([...notedMethods(prototype), name]);
  Reflect.defineMetadata(METHODS, noted, prototype);
}

/** A class's own ones, without those of base classes. */
const notedMethods = (prototype: object) =>
  (Reflect.getOwnMetadata(METHODS, prototype) as
    ReadonlySet<string | symbol> | undefined) ?? new Set();

/** The methods of a class, and of its base classes, whose actions were lost. */
export function silencedMethods(prototype: object): string[] {
  const silenced: string[] = [];
  for (
    let at: object | null = prototype;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const name of notedMethods(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, name) ?? {};
      const isLost =
        typeof value === 'function' && actionsOf(value as object).length === 0;
      if (isLost) silenced.push(`${at.constructor.name}.${String(name)}`);
    }
  }
  return silenced;
}
