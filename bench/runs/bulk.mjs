// A list of 100,000 events in one call: how long the event loop is kept from
// anything else, how long it takes, and how much memory.
import { memoryOutbox } from '../../dist/index.js';
import { eventOf } from '../event.mjs';
import { MB, options, report, startSink, turn } from '../measure.mjs';
import { openOurs } from '../ours.mjs';

const { events, listSize = events, whenFull, capacity } = options;
const sink = await startSink();
const { odp, close } = await openOurs(sink.url, {
  outbox: memoryOutbox({
    ...(capacity === undefined ? {} : { capacity }),
    ...(whenFull === undefined ? {} : { whenFull }),
  }),
});

const listOf = (from, count) =>
  Array.from({ length: count }, (_, n) => eventOf(from + n));
await odp.sendOdpEvents(listOf(0, 10_000), { awaitDelivery: true });
const before = await sink.has(10_000);
const lists = listSize === events ? [listOf(0, events)] : undefined;
globalThis.gc?.();
const idle = process.memoryUsage.rss();

let longest = 0;
let peak = 0;
let last = performance.now();
const watch = new AbortController();
async function watchLoop() {
  while (!watch.signal.aborted) {
    await turn();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
}
const watching = watchLoop();
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
const start = Date.now();
for (let n = 0; n < events; n += listSize) {
  await odp.sendOdpEvents(lists?.[0] ?? listOf(n, listSize));
}
const accepted = performance.now();
await turn();
watch.abort();
await watching;
const after = await sink.has(10_000 + events);
clearInterval(sampling);
await close();
report({
  longest,
  accepted: accepted - (start - performance.timeOrigin),
  rate: events / ((after.last - start) / 1000),
  rss: (peak - idle) / MB,
  lost: 10_000 + events - after.events + (before.events - 10_000),
});
