// A backlog that an earlier process left behind: how long a new one takes from
// its start until ODP has all of it, and whether it slows down or speeds up.
import { eventOf } from '../event.mjs';
import { clock, options, report, startCpu, startSink } from '../measure.mjs';
import { openOurs } from '../ours.mjs';
import { openStore } from '../stores.mjs';

const { store, events } = options;
const LIST = 1000;
const LISTS_AT_ONCE = 4;
const sink = await startSink();
const opened = await openStore(store, { capacity: events });

/** `odp` is paused, so that all of it stays behind. */
async function fill() {
  const { odp, close } = await openOurs(sink.url, {
    outbox: opened.newOutbox(),
    delivery: { shutdownTimeout: 0 },
  });
  odp.pause();
  const lists = Array.from({ length: events / LIST }, (_, n) => n * LIST);
  const sender = async () => {
    for (let from = lists.pop(); from !== undefined; from = lists.pop()) {
      const list = Array.from({ length: LIST }, (_, n) => eventOf(from + n));
      await odp.sendOdpEvents(list);
    }
  };
  await Promise.all(Array.from({ length: LISTS_AT_ONCE }, sender));
  await close();
}

/** When so many of the backlog had come. */
const timeOf = (arrivals, share) =>
  arrivals.find(([, total]) => total >= share * events)[0];

await fill();
await sink.arrivals();
const cpu = startCpu();
const start = clock();
const { odp, close } = await openOurs(sink.url, {
  outbox: opened.newOutbox(),
});
const { events: arrived } = await sink.has(events);
await odp.flush();
const used = cpu();
const arrivals = await sink.arrivals();
const [begin] = arrivals[0];
const end = timeOf(arrivals, Math.min(arrived / events, 1));
const perSecond = (count, ms) => (count * 1000) / ms;
await close();
await opened.leave();
report({
  rate: perSecond(arrived, end - start),
  first: perSecond(events / 10, timeOf(arrivals, 0.1) - begin),
  last: perSecond(events / 10, end - timeOf(arrivals, 0.9)),
  begin: begin - start,
  cpu: used / events,
  lost: Math.max(events - arrived, 0),
});
