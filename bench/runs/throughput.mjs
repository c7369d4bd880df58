// How many events a sender brings to the sink in a second, and what each costs
// the app in CPU. The producer lets I/O happen after every 100 events. With
// `repeats` it is the median of so many runs, one after another.
import { MB, options, report, startCpu, startSink, turn } from '../measure.mjs';
import { openSender } from '../senders.mjs';

// As a server that has been up for a while: at batches of 500, 20,000 events
// would be 40 requests, and the way of a request not yet compiled.
const { sender: name, events, warmUp = 200_000, repeats = 1 } = options;
const sink = await startSink();
const sender = await openSender(name, sink.url, {
  ...options,
  events: events + warmUp,
});

let made = 0;
async function produce(count) {
  for (const end = made + count; made < end; made++) {
    const sent = sender.send(sender.eventOf(made));
    if (sent !== undefined) await sent;
    if (made % 100 === 99) await turn();
  }
}

/** Produces so many events, and waits until the sink has them. */
async function run(last) {
  const before = await sink.has(made);
  const cpu = startCpu();
  const start = Date.now();
  await produce(events);
  const closed = last ? sender.close() : undefined;
  const after = await sink.has(made);
  const used = cpu();
  await closed;
  const arrived = after.events - before.events;
  return {
    rate: arrived / ((after.last - start) / 1000),
    cpu: used / events,
    bytes: (after.bytes - before.bytes) / arrived,
    connections: after.connections,
    lost: made - after.events,
  };
}

await produce(warmUp);
const runs = [];
while (runs.length < repeats) runs.push(await run(runs.length === repeats - 1));
const { lost } = runs.at(-1);
runs.sort((a, b) => a.rate - b.rate);
report({
  ...runs[Math.floor(runs.length / 2)],
  lost,
  rss: (process.resourceUsage().maxRSS * 1024) / MB,
});
