// ODP's wire in a bare form, a process of its own: takes whatever is posted,
// counts the events in it and answers 202. Talks to its parent over IPC.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { MARK } from './event.mjs';

const mark = Buffer.from(MARK);
const ACCEPTED = JSON.stringify({
  title: 'Accepted',
  status: 202,
  timestamp: '2026-11-23T12:00:00.000Z',
});
/** To whoever asks for segments. */
const SEGMENTS = JSON.stringify({
  data: {
    customer: {
      audiences: { edges: [{ node: { name: 'vip', state: 'qualified' } }] },
    },
  },
});
const HEADERS = {
  'content-type': 'application/json',
  'content-length': ACCEPTED.length,
};
const stats = { events: 0, requests: 0, bytes: 0, last: 0 };

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

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const sent = Buffer.concat(chunks);
    const zipped = request.headers['content-encoding'] === 'gzip';
    stats.events += count(zipped ? gunzipSync(sent) : sent);
    stats.requests++;
    stats.bytes += sent.length;
    stats.last = Date.now();
    if (request.url === '/v3/graphql') {
      const headers = { ...HEADERS, 'content-length': SEGMENTS.length };
      response.writeHead(200, headers).end(SEGMENTS);
      return;
    }
    response.writeHead(202, HEADERS).end(ACCEPTED);
  });
});

const listen = (port) =>
  new Promise((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });

await listen(0);
const { port } = server.address();
process.on('message', async (order) => {
  if (order === 'refuse') {
    server.close();
    server.closeAllConnections();
  } else if (order === 'accept') {
    await listen(port);
  }
  process.send({ ...stats });
});
process.on('disconnect', () => process.exit());
process.send({ port });
