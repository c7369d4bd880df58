import 'reflect-metadata';
import type { OdpAction } from './odp-action.js';

const KEY = 'optimizely-odp:actions';

/** A handler or a controller class. */
export type Decorated = object;

/** Adds an action. Returns whether it is the first, on base classes too. */
export function addAction(target: Decorated, action: OdpAction): boolean {
  const before = actionsOf(target);
  Reflect.defineMetadata(KEY, [...before, action], target);
  return before.length === 0;
}

/** The actions of a handler or class, those of its base classes included. */
export function actionsOf(target: Decorated): readonly OdpAction[] {
  return (
    (Reflect.getMetadata(KEY, target) as readonly OdpAction[] | undefined) ?? []
  );
}
