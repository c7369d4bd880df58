// ODP's wire in a bare form, a process of its own: takes whatever is posted,
// counts the events in it and answers 202. Talks to its parent over IPC.
// `delay` makes it a real line of so many ms there and back: answers come that
// much later, and so does a new connection (twice, with TLS).
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createFront } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { MARK } from './event.mjs';
import { clock } from './measure.mjs';

const { delay = 0, tls } = JSON.parse(process.argv[2] ?? '{}');
const mark = Buffer.from(MARK);
const ACCEPTED = JSON.stringify({
  title: 'Accepted',
  status: 202,
  timestamp: '2026-11-23T12:00:00.000Z',
});
const UNAVAILABLE = JSON.stringify({ title: 'Unavailable', status: 503 });
/** To whoever asks for segments. */
const SEGMENTS = JSON.stringify({
  data: {
    customer: {
      audiences: { edges: [{ node: { name: 'vip', state: 'qualified' } }] },
    },
  },
});
/** `last` is when the last event came, on the wall clock. */
const stats = {
  events: 0,
  requests: 0,
  bytes: 0,
  last: 0,
  connections: 0,
  failed: 0,
};
/** When events came, and how many had come by then. */
let arrivals = [];
let failing = false;

function count(body) {
  let found = 0;
  for (
    let at = body.indexOf(mark);
    at !== -1;
    at = body.indexOf(mark, at + mark.length)
  ) {
    found++;
  }
  return found;
}

function answerTo(request, sent) {
  if (failing) {
    stats.failed++;
    return [503, UNAVAILABLE];
  }
  const zipped = request.headers['content-encoding'] === 'gzip';
  stats.events += count(zipped ? gunzipSync(sent) : sent);
  stats.requests++;
  stats.bytes += sent.length;
  stats.last = Date.now();
  arrivals.push([clock(), stats.events]);
  return request.url === '/v3/graphql' ? [200, SEGMENTS] : [202, ACCEPTED];
}

function take(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [status, body] = answerTo(request, Buffer.concat(chunks));
    const answer = () =>
      response
        .writeHead(status, {
          'content-type': 'application/json',
          'content-length': body.length,
        })
        .end(body);
    if (delay === 0) answer();
    else setTimeout(answer, delay);
  });
}

const server = tls ? createTlsServer(tls, take) : createServer(take);
const sockets = new Set();
// The server behind it, to which a connection comes as late as over a line.
const front = createFront({ pauseOnConnect: true, noDelay: true }, (socket) => {
  stats.connections++;
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => {});
  const connected = () => {
    server.emit('connection', socket);
    socket.resume();
  };
  if (delay === 0) connected();
  else setTimeout(connected, tls ? 2 * delay : delay);
});
const listen = (port) =>
  new Promise((resolve) => {
    front.listen({ port, host: '127.0.0.1', backlog: 1024 }, resolve);
  });

const orders = {
  stats: () => ({ ...stats }),
  arrivals() {
    const since = arrivals;
    arrivals = [];
    return since;
  },
  /** Nobody answers at this address. */
  refuse() {
    front.close();
    for (const socket of sockets) socket.destroy();
  },
  /** Every request is answered with 503. */
  fail() {
    failing = true;
  },
  /** When ODP is back, on the clock of all processes. */
  async accept() {
    failing = false;
    if (!front.listening) await listen(port);
    arrivals = [];
    return clock();
  },
};
await listen(0);
const { port } = front.address();
process.on('message', async (order) =>
  process.send((await orders[order]()) ?? {}),
);
process.on('disconnect', () => process.exit());
process.send({ port });
