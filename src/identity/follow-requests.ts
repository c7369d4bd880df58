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
import type { AmbientIdentity } from './ambient-identity.js';
import { httpRequest, odpRequestOf } from './request/index.js';

/** What is needed of Fastify. */
interface FastifyInstance {
  addHook(
    name: 'preHandler',
    hook: (request: unknown, reply: unknown, done: () => void) => void,
  ): void;
}

/**
 * Lets guards and other middleware know who is calling: they run before any
 * interceptor.
 */
export function followHttp(
  ambient: AmbientIdentity,
  consumer: MiddlewareConsumer,
  { httpAdapter }: HttpAdapterHost,
): void {
  consumer
    .apply((request: unknown, _response: unknown, next: () => void) =>
      ambient.follow(() => httpRequest('http', request), next),
    )
    .forRoutes('{*path}');
  if (httpAdapter?.getType() !== 'fastify') return;
  // Fastify's middleware sees Node's request, not the one that guards put the
  // user on, and what it starts does not outlive the reading of a body.
  httpAdapter
    .getInstance<FastifyInstance>()
    .addHook('preHandler', (request, _reply, done) =>
      ambient.follow(() => httpRequest('http', request), done),
    );
}

/** Lets whatever a handler does know who is calling. */
export function followCall(
  ambient: AmbientIdentity,
  call: ExecutionContext,
  next: CallHandler,
): Observable<unknown> {
  if (!ambient.wanted) return next.handle();
  // A caller that is already there is not trusted: a middleware that continues
  // in a callback of a shared connection, or in a timer, brings in the async
  // context of another request.
  const follow = <T>(fn: () => T) =>
    ambient.follow(() => odpRequestOf(call), fn);
  return new Observable((subscriber) =>
    follow(() =>
      next
        .handle()
        .pipe(tap((result) => followReading(result, follow)))
        .subscribe(subscriber),
    ),
  );
}

/** A stream is read once the handler is done, in the context of whoever reads it. */
function followReading(
  result: unknown,
  follow: (read: () => void) => void,
): void {
  const stream = result instanceof StreamableFile ? result.getStream() : result;
  if (!(stream instanceof Readable)) return;
  // oxlint-disable no-underscore-dangle -- what Node calls the method that a stream is read by
  const read = stream._read.bind(stream);
  stream._read = (size) => follow(() => read(size));
  // oxlint-enable no-underscore-dangle
}

/** Does so for handlers of every transport. */
export class FollowingInterceptor implements NestInterceptor {
  readonly #ambient: AmbientIdentity;

  constructor(ambient: AmbientIdentity) {
    this.#ambient = ambient;
  }

  intercept(call: ExecutionContext, next: CallHandler): Observable<unknown> {
    return followCall(this.#ambient, call, next);
  }
}
