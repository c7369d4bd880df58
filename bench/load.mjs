// The visitors of a route, in a process of their own: connections that each
// send the next request when the last is answered. Bare sockets, since the
// server shares the machine with whoever asks it.
import { connect } from 'node:net';
import { percentile } from './measure.mjs';

const { port, request, connections, warmUp, requests } = JSON.parse(
  process.argv[2],
);
const bytes = Buffer.from(request);
const end = Buffer.from('\r\n\r\n');
const latencies = [];
let answers = 0;
let begin = 0;

/** The whole answer's length once its head is there. */
function lengthOf(answer) {
  const head = answer.indexOf(end);
  if (head === -1) return Infinity;
  const text = answer.toString('latin1', 0, head);
  if (!text.startsWith('HTTP/1.1 201')) throw new Error(text);
  return head + end.length + Number(/content-length: (\d+)/i.exec(text)[1]);
}

function answered(latency) {
  answers++;
  if (answers === warmUp) {
    begin = performance.now();
    process.send('warm');
  } else if (answers > warmUp) {
    latencies.push(latency);
  }
  if (latencies.length < requests) return;
  const seconds = (performance.now() - begin) / 1000;
  const figures = {
    rate: requests / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
  process.send(figures, () => process.exit());
}

function visit() {
  const socket = connect(port, '127.0.0.1');
  let answer = Buffer.alloc(0);
  let start = 0;
  const ask = () => {
    start = performance.now();
    socket.write(bytes);
  };
  socket.setNoDelay(true);
  socket.on('connect', ask);
  socket.on('data', (chunk) => {
    answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
    if (answer.length < lengthOf(answer)) return;
    answer = Buffer.alloc(0);
    answered(performance.now() - start);
    ask();
  });
}

for (let i = 0; i < connections; i++) visit();
