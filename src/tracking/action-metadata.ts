import 'reflect-metadata';
import type { OdpAction } from './odp-action.js';

const KEY = 'optimizely-odp:actions';

/** A handler or a controller class. */
export type Decorated = object;

/** Adds an action. Returns whether it is the first on this very target. */
export function addAction(target: Decorated, action: OdpAction): boolean {
  const own = Reflect.getOwnMetadata(KEY, target) as
    readonly OdpAction[] | undefined;
  Reflect.defineMetadata(KEY, [...(own ?? []), action], target);
  return own === undefined;
}

/** The actions of a handler or class, those of its base classes included. */
export function actionsOf(target: Decorated): readonly OdpAction[] {
  return (
    (Reflect.getMetadata(KEY, target) as readonly OdpAction[] | undefined) ?? []
  );
}
