/** Options, each of which may be left out or `undefined`, also under `exactOptionalPropertyTypes`. */
export type OptionsOf<T> = { readonly [K in keyof T]?: T[K] | undefined };
