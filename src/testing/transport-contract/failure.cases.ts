import assert from 'node:assert/strict';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { OdpTransportError } from '../../odp/index.js';
import { KEY, type Stage, type StagedCase } from './stage.js';

/** What comes back when there is no answer. */
export const failureCases: readonly StagedCase[] = [
  {
    name: 'throws an OdpTransportError when nobody listens',
    async run(stage) {
      const server = await stage.server(() => {});
      const { url } = server;
      await server.close();
      assertNoAnswer(await stage.failure(url));
    },
  },
  {
    name: 'throws an OdpTransportError when the connection breaks',
    async run(stage) {
      const server = await stage.server((_, request) => {
        request.socket.resetAndDestroy();
      });
      assertNoAnswer(await stage.failure(server.url));
    },
  },
  {
    name: 'throws an OdpTransportError when the answer is not HTTP',
    async run(stage) {
      const server = await stage.server((_, request) => {
        request.socket.end('nonsense\r\n\r\n');
      });
      assertNoAnswer(await stage.failure(server.url));
    },
  },
  {
    name: 'ends when it is aborted before the answer',
    async run(stage) {
      let closed: Promise<unknown> | undefined;
      const server = await stage.server((_, request) => {
        closed = once(request.socket, 'close');
      });
      const aborter = new AbortController();
      const failure = stage.failure(server.url, aborter.signal);
      await server.request();
      aborter.abort();
      assertNoAnswer(await failure);
      await closed;
    },
  },
  {
    name: 'ends when it is aborted during the answer',
    async run(stage) {
      const aborter = new AbortController();
      const server = await stage.server((response) => {
        response.writeHead(503);
        response.write('{', () => aborter.abort());
      });
      const failure = await stage.failure(server.url, aborter.signal);
      // The status is known, so returning it is right as well.
      if (failure !== undefined) assertNoAnswer(failure);
    },
  },
  {
    name: 'sends nothing when it is already aborted',
    async run(stage: Stage) {
      const server = await stage.server((response) => {
        response.writeHead(202).end();
      });
      assertNoAnswer(await stage.failure(server.url, AbortSignal.abort()));
      assert.equal(server.got.length, 0);
    },
  },
];

function assertNoAnswer(error: unknown): void {
  assert.ok(
    error instanceof OdpTransportError,
    `threw ${inspect(error, { depth: 0 })} rather than an OdpTransportError`,
  );
  const all = inspect(error, { depth: Infinity, showHidden: true });
  assert.ok(!all.includes(KEY), 'the error holds the API key');
}
