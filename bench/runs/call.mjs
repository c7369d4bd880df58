// What one call costs the code that makes it. Calls come in groups of 100, as
// fast as they can, with I/O in between: delivery goes on meanwhile and is only
// counted where a call has to do a part of it.
import { options, percentile, report, startSink, turn } from '../measure.mjs';
import { openSender } from '../senders.mjs';

const GROUP = 100;
const { sender: name, calls, warmUp = 20_000 } = options;
const sink = await startSink();
const sender = await openSender(name, sink.url, {
  ...options,
  events: calls + warmUp,
});

let n = 0;
async function group() {
  const events = Array.from({ length: GROUP }, () => sender.eventOf(n++));
  const start = performance.now();
  for (const event of events) {
    const sent = sender.send(event);
    if (sent !== undefined) await sent;
  }
  const each = ((performance.now() - start) * 1000) / GROUP;
  await turn();
  return each;
}

while (n < warmUp) await group();
await sink.has(warmUp);
const each = [];
while (n < warmUp + calls) each.push(await group());
report({
  mean: each.reduce((sum, one) => sum + one, 0) / each.length,
  p50: percentile(each, 0.5),
  p99: percentile(each, 0.99),
});
