import { HttpModule, HttpService } from '@nestjs/axios';
import { Module } from '@nestjs/common';

/** @internal The `HttpService` of an app that gives the account none. */
export const DEFAULT_HTTP_SERVICE = Symbol('ODP_DEFAULT_HTTP_SERVICE');

/**
 * @internal Provides `HttpService` under a token of its own, so that one that
 * the app provides (global, or in the `imports` of `forRootAsync`) comes first.
 * Its axios instance is nobody else's: what the app adds to axios' default one,
 * such as a header with a token, is not meant for ODP.
 */
@Module({
  imports: [HttpModule.register({})],
  providers: [{ provide: DEFAULT_HTTP_SERVICE, useExisting: HttpService }],
  exports: [DEFAULT_HTTP_SERVICE],
})
export class DefaultHttpModule {}
