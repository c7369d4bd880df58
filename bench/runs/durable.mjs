// An outbox between many senders, each of which awaits its event before it
// sends the next, and the sink: how many events get through in a second.
// `ceiling`: what the store takes in by itself, without an outbox; `floor`: the
// same, if it leases and deletes as well, as every outbox must.
import { randomUUID } from 'node:crypto';
import { eventOf, wireEventOf } from '../event.mjs';
import { options, report, startCpu, startSink, turn } from '../measure.mjs';
import { openOurs } from '../ours.mjs';
import { openStore } from '../stores.mjs';

const {
  store,
  ceiling = false,
  floor = false,
  senders,
  events,
  warmUp = events / 10,
} = options;

/** Nothing but the store, fed by one client. */
async function measureStore(work) {
  const listOf = (count) =>
    Array.from({ length: count }, (_, n) => ({
      id: randomUUID(),
      payload: JSON.stringify(wireEventOf(n)),
    }));
  await work(listOf(warmUp));
  const list = listOf(events);
  const cpu = startCpu();
  const start = performance.now();
  await work(list);
  const seconds = (performance.now() - start) / 1000;
  return { rate: events / seconds, cpu: cpu() / events };
}

async function measureOutbox({ newOutbox }) {
  const sink = await startSink();
  const { odp, close } = await openOurs(sink.url, {
    outbox: newOutbox(),
  });
  let n = 0;
  const sendUpTo = async (count) => {
    const sender = async () => {
      while (n < count) {
        await odp.sendOdpEvent(eventOf(n++));
        // An outbox that answers at once must not keep the others out.
        if (n % 100 === 0) await turn();
      }
    };
    await Promise.all(Array.from({ length: senders }, sender));
  };
  await sendUpTo(warmUp);
  await odp.flush();
  const cpu = startCpu();
  const start = Date.now();
  await sendUpTo(warmUp + events);
  const accepted = (Date.now() - start) / 1000;
  void odp.flush();
  const after = await sink.has(warmUp + events);
  const used = cpu();
  const figures = {
    rate: events / ((after.last - start) / 1000),
    accepted: events / accepted,
    cpu: used / events,
    lost: Math.max(warmUp + events - after.events, 0),
  };
  await close();
  return figures;
}

const opened = await openStore(store, { ceiling, floor });
const byItself = ceiling ? opened.put : floor ? opened.pass : undefined;
const figures = await (byItself === undefined
  ? measureOutbox(opened)
  : measureStore(byItself));
await opened.leave();
report(figures);
