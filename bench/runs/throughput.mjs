// How many events a sender brings to the sink in a second, and what each costs
// the app in CPU. The producer lets I/O happen after every 100 events.
import { MB, options, report, startCpu, startSink, turn } from '../measure.mjs';
import { openSender } from '../senders.mjs';

const { sender: name, events, warmUp = 20_000 } = options;
const sink = await startSink();
const sender = await openSender(name, sink.url, {
  ...options,
  events: events + warmUp,
});

async function produce(from, to) {
  for (let n = from; n < to; n++) {
    const sent = sender.send(sender.eventOf(n));
    if (sent !== undefined) await sent;
    if (n % 100 === 99) await turn();
  }
}

await produce(0, warmUp);
const before = await sink.has(warmUp);
const cpu = startCpu();
const start = Date.now();
await produce(warmUp, warmUp + events);
const closed = sender.close();
const after = await sink.has(warmUp + events);
const used = cpu();
await closed;
const arrived = after.events - before.events;
report({
  rate: arrived / ((after.last - start) / 1000),
  cpu: used / events,
  bytes: (after.bytes - before.bytes) / arrived,
  lost: warmUp + events - after.events,
  rss: (process.resourceUsage().maxRSS * 1024) / MB,
});
