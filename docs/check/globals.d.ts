// What the checks of pages may use; docs/check/run.mjs sets it.
import type { DynamicModule, Type } from '@nestjs/common';
import type { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import type strict from 'node:assert/strict';

declare global {
  const assert: typeof strict;
  /** The local ODP that everything of a page is sent to; new for each block. */
  const sandbox: OdpSandbox;
  /** What Nest makes of the class, in an app of this module or in one with nothing else. */
  function make<T>(type: Type<T>, module?: Type | DynamicModule): Promise<T>;
  /** A request to the app that the block has started, or to one of its controllers. */
  function post(
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Response>;
  function get(
    path: string,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** A statement in the Postgres that PGHOST and its like name. */
  function sql(text: string): Promise<object[]>;
}
