// ODP refuses connections for a while, and the app goes on sending at the same
// rate: its memory and its event loop meanwhile, and what becomes of the events.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf } from '../event.mjs';
import { MB, options, report, startCpu, startSink } from '../measure.mjs';
import { openOurs } from '../ours.mjs';

const { seconds, perSecond = 10_000 } = options;
const TICK = 10;
const sink = await startSink();
const { odp, close } = await openOurs(sink.url);

let n = 0;
async function produce(ms) {
  const start = performance.now();
  const first = n;
  for (let passed = 0; passed < ms; passed = performance.now() - start) {
    const due = first + Math.floor((passed / 1000) * perSecond);
    while (n < due) odp.trackOdpEvent(eventOf(n++));
    await sleep(TICK);
  }
}

await produce(2000);
await odp.flush();
await sleep(500);
globalThis.gc?.();
const idle = process.memoryUsage.rss();
let peak = 0;
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50);

await sink.refuse();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const cpu = startCpu();
await produce(seconds * 1000);
const used = cpu();
delay.disable();
const during = odp.stats();
const up = Date.now();
await sink.accept();
while (odp.stats().pending > 0) await sleep(20);
const recovery = Date.now() - up;
clearInterval(sampling);
const { accepted, dropped } = odp.stats();
const { events } = await sink.stats();
await close();
report({
  rss: (peak - idle) / MB,
  delay: delay.percentile(99) / 1e6,
  longest: delay.max / 1e6,
  cpu: used / (seconds * 1e6),
  held: during.pending,
  refused: dropped,
  recovery,
  lost: accepted - events,
  untold: n - accepted - dropped,
});
