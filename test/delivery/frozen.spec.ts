import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { HttpService } from '@nestjs/axios';
import { create } from 'axios';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { CredentialsHolder, OdpClient, OdpHttp } from '../../src/odp/index.js';
import { HttpServiceTransport } from '../../src/odp/http-service.transport.js';
import { NodeHttpTransport } from '../../src/odp/node-http.transport.js';

const REQUEST_TIMEOUT_MS = 1000;

/** Answers a request when it is told to, and says so in shared memory: this thread does not run then. */
const SERVER = `
  const { createServer } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const answered = new Int32Array(workerData);
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      parentPort.once('message', () => {
        response.writeHead(202, { 'content-type': 'application/json' });
        response.end('{}', () => {
          Atomics.store(answered, 0, 1);
          Atomics.notify(answered, 0);
        });
      });
      parentPort.postMessage('received');
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

test.each([
  ['the HttpService', new HttpServiceTransport(new HttpService(create()))],
  ["Node's client", new NodeHttpTransport()],
])(
  'an answer that came while the process was frozen counts, through %s',
  async (_, transport) => {
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(SERVER, {
      eval: true,
      workerData: answered.buffer,
    });
    workers.push(worker);
    const [port] = (await once(worker, 'message')) as [number];
    const http = new OdpHttp(
      'default',
      new CredentialsHolder({
        apiKey: 'key',
        apiHost: `http://127.0.0.1:${port}`,
      }),
      transport,
      systemClock,
    );
    const client = new OdpClient(http, systemClock, REQUEST_TIMEOUT_MS);
    const received = once(worker, 'message');
    const event = {
      id: 'one',
      payload: '{}',
      createdAt: 0,
      age: 0,
      failedAttempts: 0,
      claim: undefined,
    };
    const outcome = client.send([event], new AbortController().signal);
    await received;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage('answer');
    Atomics.wait(answered, 0, 0);
    // Nothing of this process runs until the time for the answer is over.
    Atomics.wait(answered, 0, 1, REQUEST_TIMEOUT_MS);
    expect(await outcome).toMatchObject({ kind: 'accepted', status: 202 });
  },
);
