import type { Provider } from '@nestjs/common';

/**
 * Binds an instance's methods and accessors to it. Tracers give Nest a
 * `new Proxy(instance, {})` instead, through which private members cannot be read.
 */
export function proxyProof<T extends object>(instance: T): T {
  for (
    let prototype = Object.getPrototypeOf(instance) as object | null;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    for (const [name, member] of Object.entries(
      Object.getOwnPropertyDescriptors(prototype),
    )) {
      if (name === 'constructor' || Object.hasOwn(instance, name)) continue;
      Object.defineProperty(instance, name, bound(instance, member));
    }
  }
  return instance;
}

function bound(instance: object, member: PropertyDescriptor) {
  const { value, get, set } = member as {
    value?: unknown;
    get?: () => unknown;
    set?: (value: unknown) => void;
  };
  const hidden = { configurable: true, enumerable: false };
  return get !== undefined || set !== undefined
    ? { ...hidden, get: get?.bind(instance), set: set?.bind(instance) }
    : {
        ...hidden,
        writable: true,
        value:
          typeof value === 'function'
            ? (value.bind(instance) as unknown)
            : value,
      };
}

/** Does that for everything that factories among these providers make. */
export function proxyProofAll(providers: readonly Provider[]): Provider[] {
  return providers.map((provider) => {
    if (!('useFactory' in provider)) return provider;
    const make = provider.useFactory as (...args: unknown[]) => unknown;
    return {
      ...provider,
      useFactory: (...args: unknown[]) => {
        const made = make(...args);
        return made instanceof Promise
          ? made.then(proxyProof<object>)
          : proxyProof(made as object);
      },
    };
  });
}
