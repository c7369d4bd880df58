// One event now and then: how long it takes from the call until ODP has it.
import { setTimeout as sleep } from 'node:timers/promises';
import { clock, options, percentile, report, startSink } from '../measure.mjs';
import { openSender } from '../senders.mjs';

const { sender: name, events, interval = 10, warmUp = 300 } = options;
const sink = await startSink();
const sender = await openSender(name, sink.url, {
  ...options,
  events: events + warmUp,
});
const sentAt = [];
for (let n = 0; n < warmUp + events; n++) {
  const event = sender.eventOf(n);
  sentAt.push(clock());
  void sender.send(event);
  await sleep(interval);
}
await sink.has(warmUp + events);
const arrivals = await sink.arrivals();
// One at a time: the nth event came when the total reached n + 1.
const waits = sentAt
  .map((sent, n) => arrivals.find(([, total]) => total > n)[0] - sent)
  .slice(warmUp);
await sender.close();
report({
  p50: percentile(waits, 0.5),
  p99: percentile(waits, 0.99),
  longest: Math.max(...waits),
});
