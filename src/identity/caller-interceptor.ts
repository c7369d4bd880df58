import { Readable } from 'node:stream';
import {
  type CallHandler,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { Observable } from 'rxjs';
import type { CallerContext } from './caller-context.js';
import { httpRequest, odpRequestOf, userOf } from './request/index.js';

/** What is used of Fastify. */
interface FastifyInstance {
  addHook(
    name: 'preHandler',
    hook: (request: unknown, reply: unknown, done: () => void) => void,
  ): void;
}

/** Makes the caller known to the middleware that follows. */
export function bindHttpCallers(
  callers: CallerContext,
  consumer: MiddlewareConsumer,
): void {
  consumer
    .apply((request: unknown, _response: unknown, next: () => void) =>
      callers.runForRequest(() => httpRequest('http', request), next),
    )
    .forRoutes('{*path}');
}

/**
 * Makes the caller known to guards, exception filters and request-scoped providers,
 * which run outside of any interceptor. It must come after all other middleware,
 * which may bring in the async context of another request.
 */
export function bindHttpCallersLast(
  callers: CallerContext,
  consumer: MiddlewareConsumer,
  { httpAdapter }: HttpAdapterHost,
): void {
  if (httpAdapter?.getType() !== 'fastify') {
    bindHttpCallers(callers, consumer);
    return;
  }
  // Fastify's middleware gets Node's request, not the one that guards put the user
  // on, and its async context does not survive the parsing of a body.
  httpAdapter
    .getInstance<FastifyInstance>()
    .addHook('preHandler', (request, _reply, done) =>
      callers.runForRequest(() => httpRequest('http', request), done),
    );
}

/** Makes the caller known to whatever a handler does. */
export function handleForCaller(
  callers: CallerContext,
  call: ExecutionContext,
  next: CallHandler,
): Observable<unknown> {
  if (!callers.enabled) return next.handle();
  // Do not trust a caller that is already there: a middleware that continues in a
  // callback of a shared connection, or in a timer, may bring the async context of
  // another request.
  const before = userOf(call);
  const asCaller = callers.runnerFor(() => odpRequestOf(call, before));
  return new Observable((subscriber) =>
    asCaller(() =>
      next.handle().subscribe({
        // An Observable may be fed by another request, such as what one visitor
        // says in a chat: the interceptors around this one are not to run as that.
        next: (result) =>
          asCaller(() => {
            bindReading(result, asCaller);
            subscriber.next(result);
          }),
        error: (error: unknown) => asCaller(() => subscriber.error(error)),
        complete: () => asCaller(() => subscriber.complete()),
      }),
    ),
  );
}

/** A stream is read after the handler, in the context of its reader. */
function bindReading(
  result: unknown,
  asCaller: (read: () => void) => void,
): void {
  const stream = result instanceof StreamableFile ? result.getStream() : result;
  if (!(stream instanceof Readable)) return;
  // oxlint-disable no-underscore-dangle -- Node's own name of the method that reads a stream
  const read = stream._read.bind(stream);
  stream._read = (size) => asCaller(() => read(size));
  // oxlint-enable no-underscore-dangle
}

/** Does that for handlers of every transport. */
export class CallerInterceptor implements NestInterceptor {
  readonly #callers: CallerContext;

  constructor(callers: CallerContext) {
    this.#callers = callers;
  }

  intercept(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    return handleForCaller(this.#callers, call, next);
  }
}
