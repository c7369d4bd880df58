// A deploy: the app is told to end while many events wait. How long that takes,
// and what stays behind.
import { eventOf } from '../event.mjs';
import { clock, options, report, startSink } from '../measure.mjs';
import { openOurs } from '../ours.mjs';
import { openStore } from '../stores.mjs';

const { store, events = 50_000, warmUp = 50_000 } = options;
const sink = await startSink();
const opened = await openStore(store);
const { odp, close } = await openOurs(sink.url, {
  outbox: opened.newOutbox(),
});
const listOf = (from, count) =>
  Array.from({ length: count }, (_, n) => eventOf(from + n));

await odp.sendOdpEvents(listOf(0, warmUp));
await odp.flush();
const list = listOf(warmUp, events);
odp.pause();
await odp.sendOdpEvents(list);
odp.resume();
const start = clock();
await close();
const took = clock() - start;
const { events: arrived } = await sink.stats();
await opened.leave();
report({ took, behind: warmUp + events - arrived });
