import { Readable } from 'node:stream';
import {
  type CallHandler,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { Observable, tap } from 'rxjs';
import type { CallerContext } from './caller-context.js';
import { httpRequest, odpRequestOf, userOf } from './request/index.js';

/** What is used of Fastify. */
interface FastifyInstance {
  addHook(
    name: 'preHandler',
    hook: (request: unknown, reply: unknown, done: () => void) => void,
  ): void;
}

/**
 * Makes the caller known to guards and other middleware, which run before any
 * interceptor.
 */
export function bindHttpCallers(
  callers: CallerContext,
  consumer: MiddlewareConsumer,
  { httpAdapter }: HttpAdapterHost,
): void {
  consumer
    .apply((request: unknown, _response: unknown, next: () => void) =>
      callers.runForRequest(() => httpRequest('http', request), next),
    )
    .forRoutes('{*path}');
  if (httpAdapter?.getType() !== 'fastify') return;
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
  const asCaller = <T>(fn: () => T) =>
    callers.runForRequest(() => odpRequestOf(call, before), fn);
  return new Observable((subscriber) =>
    asCaller(() =>
      next
        .handle()
        .pipe(tap((result) => bindReading(result, asCaller)))
        .subscribe(subscriber),
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
