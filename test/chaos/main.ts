// The long runs: npm run test:chaos [-- <run>... --seed <number> --rounds <n> --events <n>]
import { parseArgs } from 'node:util';
import { accountMoves } from './account-moves.js';
import { awaited } from './awaited.js';
import { disk } from './disk.js';
import { instances } from './instances.js';
import { kill } from './kill.js';
import { odpAway } from './odp-away.js';
import { sigterm } from './sigterm.js';
import { storeAway, type Trouble } from './store-away.js';
import { type Figures, newSeed } from './support/scenario.js';
import { type DurableKind, onStore, type Store } from './support/stores.js';
import { transactions } from './transactions.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string', default: '200' },
    events: { type: 'string', default: '200000' },
  },
});
const seed = Number(values.seed ?? newSeed());
const rounds = Number(values.rounds);
const events = Number(values.events);

const troubles: Trouble[] = ['restart', 'cut', 'silence', 'restart', 'cut'];
const kinds: DurableKind[] = ['file', 'redis', 'postgres', 'mysql'];
const servers = ['redis', 'postgres', 'mysql'] as const;

const skipped = { skipped: 'what it needs is not there' };

const on = async (kind: DurableKind, run: (store: Store) => Promise<Figures>) =>
  (await onStore(kind, run)) ?? skipped;

const many = { instances: 4, events, seed, endLeases: false };
const outage = { ms: 30_000, events: 100_000, capacity: 50_000 };
const manyMoves = { rounds: 10, events: 2000 };
const whileAway = { away: { ms: 3000 } };

const runs = new Map<string, () => Promise<Figures>>([
  ...kinds.map(
    (kind) =>
      [
        `kill:${kind}`,
        () =>
          on(kind, (store) =>
            kill(store, { rounds, seed, byTime: true, endLeases: false }),
          ),
      ] as const,
  ),
  ...servers.flatMap(
    (kind) =>
      [
        [
          `instances:${kind}`,
          () =>
            on(kind, (store) =>
              instances(store, { ...many, kills: 20, lostAnswers: true }),
            ),
        ],
        [
          `once:${kind}`,
          () =>
            on(kind, (store) =>
              instances(store, { ...many, kills: 0, lostAnswers: false }),
            ),
        ],
        [
          `store-away:${kind}`,
          async () =>
            (await storeAway({ kind, troubles, endLeases: false })) ?? skipped,
        ],
      ] as const,
  ),
  ...servers.map(
    (kind) =>
      [
        `awaited:${kind}`,
        () => on(kind, (store) => awaited(store, { events: 200 })),
      ] as const,
  ),
  ...(['postgres', 'mysql'] as const).map(
    (kind) =>
      [
        `transactions:${kind}`,
        () => on(kind, (store) => transactions(store, { count: 3000, seed })),
      ] as const,
  ),
  ['disk:full', async () => (await disk('full', 20)) ?? skipped],
  ['disk:read-only', async () => (await disk('read-only', 3)) ?? skipped],
  ['sigterm:memory', () => sigterm({ store: undefined, ...whileAway })],
  ['odp-away:memory', () => odpAway({ store: undefined, ...outage })],
  [
    'account-moves:memory',
    () => accountMoves({ store: undefined, ...manyMoves }),
  ],
  ...kinds.flatMap(
    (kind) =>
      [
        [
          `sigterm:${kind}`,
          () => on(kind, (store) => sigterm({ store, ...whileAway })),
        ],
        [
          `sigterm-in-haste:${kind}`,
          () =>
            on(kind, (store) =>
              sigterm({ store, ...whileAway, shutdownTimeout: 1000 }),
            ),
        ],
        [
          `account-moves:${kind}`,
          () => on(kind, (store) => accountMoves({ store, ...manyMoves })),
        ],
        [
          `odp-away:${kind}`,
          () => on(kind, (store) => odpAway({ store, ...outage })),
        ],
      ] as const,
  ),
]);

async function main(): Promise<void> {
  const wanted = [...runs].filter(
    ([name]) =>
      positionals.length === 0 ||
      positionals.some(
        (start) => name === start || name.startsWith(`${start}:`),
      ),
  );
  if (wanted.length === 0) {
    throw new Error(`No such run. There are: ${[...runs.keys()].join(', ')}.`);
  }
  console.log(`seed ${seed}`);
  for (const [name, run] of wanted) {
    const started = Date.now();
    try {
      const figures = await run();
      const seconds = Math.round((Date.now() - started) / 1000);
      console.log(`ok     ${name} ${JSON.stringify({ ...figures, seconds })}`);
    } catch (error) {
      process.exitCode = 1;
      console.error(`FAILED ${name} (--seed ${seed})`, error);
    }
  }
}

void main();
