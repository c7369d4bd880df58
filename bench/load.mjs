// The visitors of a route, in a process of their own: connections that each
// send the next request when the last is answered. Bare sockets, since the
// server shares the machine with whoever asks it.
import { connect } from 'node:net';
import { percentile } from './measure.mjs';

const { port, request, connections, warmUp, duration } = JSON.parse(
  process.argv[2],
);
const bytes = Buffer.from(request);
const end = Buffer.from('\r\n\r\n');
const latencies = [];
let counting = false;
let ended = false;

/** The whole answer's length once its head is there. */
function lengthOf(answer) {
  const head = answer.indexOf(end);
  if (head === -1) return Infinity;
  const text = answer.toString('latin1', 0, head);
  if (!text.startsWith('HTTP/1.1 201')) throw new Error(text);
  return head + end.length + Number(/content-length: (\d+)/i.exec(text)[1]);
}

function visit() {
  const socket = connect(port, '127.0.0.1');
  let answer = Buffer.alloc(0);
  let start = 0;
  const ask = () => {
    if (ended) {
      socket.destroy();
      return;
    }
    start = performance.now();
    socket.write(bytes);
  };
  socket.setNoDelay(true);
  socket.on('connect', ask);
  socket.on('data', (chunk) => {
    answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
    if (answer.length < lengthOf(answer)) return;
    if (counting) latencies.push(performance.now() - start);
    answer = Buffer.alloc(0);
    ask();
  });
}

for (let i = 0; i < connections; i++) visit();
setTimeout(() => {
  counting = true;
  process.send('counting');
}, warmUp);
setTimeout(() => {
  ended = true;
  process.send({
    rate: latencies.length / (duration / 1000),
    requests: latencies.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  });
  process.disconnect();
}, warmUp + duration);
