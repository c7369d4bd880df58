import type { InjectionToken } from '@nestjs/common';
import { type ModuleRef, ModulesContainer } from '@nestjs/core';

/**
 * Finds a provider of any module. `ModuleRef` would not do: it never sees what
 * is lazily loaded after its first search.
 */
export function findProvider<T>(
  modules: ModulesContainer,
  token: InjectionToken<T>,
): T | undefined {
  for (const { providers } of modules.values()) {
    const found = providers.get(token)?.instance as T | null | undefined;
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

/**
 * The modules of the app. What Nest injects as `ModulesContainer` may be a
 * tracer's proxy, through which no `Map` can be read.
 */
export function modulesOf(app: ModuleRef): ModulesContainer {
  const { container } = app as unknown as {
    readonly container?: { getModules?(): ModulesContainer };
  };
  return (
    container?.getModules?.() ?? app.get(ModulesContainer, { strict: false })
  );
}

/** Every provider of the app, as Nest wraps it. */
export const providersOf = (modules: ModulesContainer) =>
  [...modules.values()].flatMap(({ providers }) => [...providers.values()]);

/** Every controller of the app, as Nest wraps it. */
export const controllersOf = (modules: ModulesContainer) =>
  [...modules.values()].flatMap(({ controllers }) => [...controllers.values()]);
