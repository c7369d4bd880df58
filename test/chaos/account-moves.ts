// The datafile names another account, another key, none, and one again, under load.
import { deepEqual, ok } from 'node:assert/strict';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { Ledger } from './support/ledger.js';
import { RunningApp } from './support/running-app.js';
import { type Figures, scenario } from './support/scenario.js';
import type { Store } from './support/stores.js';

export interface AccountMovesOptions {
  /** `undefined`: the memory outbox. */
  readonly store: Store | undefined;
  /** How often the account goes through all of it. */
  readonly rounds: number;
  /** How many events arrive after each change. */
  readonly events: number;
}

/** An account at its own host, and the keys that came there. */
async function anAccount(name: string, ledger: Ledger) {
  const sandbox = await OdpSandbox.start({ apiKey: `${name}-0` });
  const keys = new Set<unknown>();
  let accepted = 0;
  sandbox.onRequest(({ headers }) => keys.add(headers['x-api-key']));
  sandbox.onEvents((events) => {
    accepted += events.length;
  });
  ledger.watch(sandbox);
  return { name, sandbox, keys, accepted: () => accepted };
}

type Account = Awaited<ReturnType<typeof anAccount>>;

export function accountMoves({
  store,
  rounds,
  events,
}: AccountMovesOptions): Promise<Figures> {
  return scenario(async (after) => {
    const ledger = new Ledger();
    const first = await anAccount('first', ledger);
    after(() => first.sandbox.close());
    const second = await anAccount('second', ledger);
    after(() => second.sandbox.close());
    /** Serves the datafile, which is all that changes for the app. */
    const datafile = first.sandbox;
    const app = await RunningApp.start(
      {
        datafile: datafile.datafileUrl,
        outbox: store?.config ?? { kind: 'memory' },
        delivery: { flushInterval: 50, retry: { maxDelay: 1000 } },
      },
      ledger,
    );
    after(() => app.end('SIGKILL'));
    await app.ready;
    // About 1,000 events a second.
    const load = app.tell({
      do: 'load',
      prefix: 'app',
      callers: 12,
      pause: 10,
    });
    load.catch(() => {});
    const arriveAt = (account: Account) => {
      const enough = account.accepted() + events;
      return ledger.until(
        () => account.accepted() >= enough,
        `${events} events arrive at ${account.name}`,
      );
    };
    await arriveAt(first);
    for (let round = 1; round <= rounds; round++) {
      datafile.setIntegration(second.sandbox.integration());
      await arriveAt(second);
      // The old key is refused before the datafile has the new one.
      second.sandbox.setApiKey(`second-${round}`);
      const refused = nextRefusal(second.sandbox);
      await refused;
      datafile.setIntegration(second.sandbox.integration());
      await arriveAt(second);
      datafile.setIntegration(null);
      const before = ledger.refusals.length;
      await ledger.until(
        () => ledger.refusals.length > before + 10,
        'events are refused while there is no account',
      );
      datafile.setIntegration(undefined);
      await arriveAt(first);
    }
    await app.tell({ do: 'stop' });
    // What was on its way into the outbox is in there now.
    await load;
    await app.tell({ do: 'flush', timeout: 10_000 });
    await ledger.allArrived(60_000);
    await app.end('SIGTERM');
    ledger.check();
    const { refusals } = ledger;
    const other = refusals.find(({ code }) => code !== 'odpNotIntegrated');
    ok(other === undefined, `refused with ${other?.message}`);
    deepEqual([...first.keys], ['first-0'], 'keys that came to the first host');
    deepEqual(
      [...second.keys],
      Array.from({ length: rounds + 1 }, (_, round) => `second-${round}`),
      'keys that came to the second host',
    );
    return {
      accepted: ledger.accepted.size,
      refused: refusals.length,
      first: first.accepted(),
      second: second.accepted(),
      duplicates: ledger.duplicates,
    };
  });
}

function nextRefusal(sandbox: OdpSandbox): Promise<void> {
  return new Promise((resolve) => {
    const stop = sandbox.onRequest(({ status }) => {
      if (status !== 403) return;
      stop();
      resolve();
    });
  });
}
