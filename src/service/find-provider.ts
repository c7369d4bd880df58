import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/**
 * Finds a provider of whatever module. `ModuleRef` would not do: it never sees
 * what is lazily loaded after its first search.
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
