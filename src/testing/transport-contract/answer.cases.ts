import assert from 'node:assert/strict';
import { BODY, KEY, type StagedCase } from './stage.js';

const STATUSES = [200, 202, 204, 400, 401, 403, 404, 408, 413, 429, 500, 503];
const REDIRECTS = [301, 302, 303, 307, 308];
/** More than any answer of ODP, and less than would hurt. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;

/** What comes back when there is an answer. */
export const answerCases: readonly StagedCase[] = [
  {
    name: 'posts the body byte for byte, with every header',
    async run(stage) {
      const server = await stage.server((response) => {
        response.writeHead(202).end();
      });
      await stage.send(server.url);
      const [got] = server.got;
      assert.equal(server.got.length, 1, 'one request');
      assert.equal(got?.method, 'POST');
      assert.equal(got?.path, '/v3/events');
      assert.deepEqual(got?.body, BODY);
      assert.equal(got?.headers['x-api-key'], KEY);
      assert.equal(got?.headers['content-type'], 'application/json');
      assert.equal(got?.headers['user-agent'], 'contract/1.0');
    },
  },
  {
    name: 'returns the status, whatever it is',
    async run(stage) {
      for (const status of STATUSES) {
        const server = await stage.server((response) => {
          response.writeHead(status).end();
        });
        const answer = await stage.send(server.url);
        assert.equal(answer.status, status);
      }
    },
  },
  {
    name: 'follows no redirect, and returns it',
    async run(stage) {
      const elsewhere = await stage.server((response) => {
        response.writeHead(202).end();
      });
      for (const status of REDIRECTS) {
        const server = await stage.server((response) => {
          response.writeHead(status, { location: elsewhere.url }).end();
        });
        const answer = await stage.send(server.url);
        assert.equal(answer.status, status);
      }
      assert.equal(elsewhere.got.length, 0, 'the key went to another host');
    },
  },
  {
    name: 'returns header names in lower case',
    async run(stage) {
      const server = await stage.server((response) => {
        response.writeHead(429, { 'Retry-After': '7' }).end();
      });
      const { headers } = await stage.send(server.url);
      assert.equal(headers['retry-after'], '7');
    },
  },
  {
    name: 'returns the body as text, JSON or not',
    async run(stage) {
      for (const text of ['{"detail":{"message":"nø"}}', '<html>no</html>']) {
        const server = await stage.server((response) => {
          response.writeHead(400, { 'content-type': 'application/json' });
          response.end(text);
        });
        const { body } = await stage.send(server.url);
        assert.equal(body, text);
      }
    },
  },
  {
    name: 'reads a bounded part of an endless body',
    async run(stage) {
      const server = await stage.server((response) => {
        response.writeHead(503);
        const flood = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', flood);
        flood();
      });
      const { status, body } = await stage.send(server.url);
      assert.equal(status, 503);
      assert.ok(
        body.length <= MAX_TEXT_LENGTH,
        `read ${body.length} characters`,
      );
    },
  },
  {
    name: 'counts a 2xx as an answer, even if its body breaks off',
    async run(stage) {
      const server = await stage.server((response) => {
        response.writeHead(202, { 'content-length': '1000' });
        response.write('{', () => response.destroy());
      });
      const { status } = await stage.send(server.url);
      assert.equal(status, 202);
    },
  },
];
