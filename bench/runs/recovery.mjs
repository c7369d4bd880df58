// ODP is away for a while and a full default outbox waits for it: how soon it
// is tried again once it is back, how soon all is delivered, and how often it
// was asked meanwhile. `how`: `refuse` connections, or `fail` with 503.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf } from '../event.mjs';
import { options, report, startSink } from '../measure.mjs';
import { openOurs } from '../ours.mjs';

const { how, seconds, events = 50_000, warmUp = 50_000 } = options;
const sink = await startSink();
const { odp, close } = await openOurs(sink.url);

async function send(from, count) {
  for (let n = from; n < from + count; n++) {
    odp.trackOdpEvent(eventOf(n));
    if (n % 100 === 99) await sleep(1);
  }
}

await send(0, warmUp);
await odp.flush();
const before = await sink.stats();
await (how === 'fail' ? sink.fail() : sink.refuse());
await send(warmUp, events);
await sleep(seconds * 1000);
const { failed } = await sink.stats();
const back = await sink.accept();
while (odp.stats().pending > 0) await sleep(10);
const after = await sink.stats();
const arrivals = await sink.arrivals();
const [probed] = arrivals[0];
const [emptied] = arrivals.at(-1);
await close();
report({
  probe: probed - back,
  drain: emptied - probed,
  recovery: emptied - back,
  probes: failed / seconds,
  connections: after.connections - before.connections,
  lost: warmUp + events - after.events,
});
