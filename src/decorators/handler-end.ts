/** How a handler ended. */
export type HandlerEnd =
  | { readonly outcome: 'success'; readonly result: unknown }
  | { readonly outcome: 'error'; readonly error: unknown }
  /** The client, or an interceptor around the handler, left before it was done. */
  | { readonly outcome: 'abandoned'; readonly result: unknown };
