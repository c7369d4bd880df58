import { quietContext } from './outboxes.js';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ClaimedEvent, OdpOutbox } from '../../src/outbox/outbox.js';

/** What should be true of one event. */
interface Expected {
  readonly order: number;
  failedAttempts: number;
  leased: boolean;
  /** When it may be leased again, if nobody holds it. */
  due: number;
  /** The claim that holds it, and until when. */
  holder: ClaimedEvent | undefined;
  until: number;
}

interface Model {
  now: number;
  appended: number;
  readonly live: Map<string, Expected>;
  readonly dead: Map<string, number>;
}

interface Real {
  outbox: OdpOutbox;
  readonly model: Model;
  readonly claims: (readonly ClaimedEvent[])[];
  reopen(outbox: OdpOutbox): Promise<OdpOutbox>;
}

type Command = fc.AsyncCommand<Model, Real>;

/** A command that also compares the counts when it has run. */
function command(
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, real) {
      await run(model, real);
      const { pending, deadLetters } = await real.outbox.counts();
      assert.equal(pending, model.live.size);
      assert.equal(deadLetters, model.dead.size);
    },
  };
}

const fresh = (model: Model): Expected => ({
  order: model.appended++,
  failedAttempts: 0,
  leased: false,
  due: 0,
  holder: undefined,
  until: 0,
});

const append = (count: number) =>
  command(`append ${count}`, async (model, { outbox }) => {
    const ids = Array.from({ length: count }, () => {
      const expected = fresh(model);
      model.live.set(`e${expected.order}`, expected);
      return `e${expected.order}`;
    });
    await outbox.append(
      ids.map((id) => ({
        id,
        payload: JSON.stringify({ id }),
        createdAt: model.now,
      })),
    );
  });

const claim = (limit: number, lease: number) =>
  command(`claim ${limit} for ${lease} ms`, async (model, real) => {
    for (const event of model.live.values()) {
      if (event.holder === undefined || event.until > model.now) continue;
      event.holder = undefined;
      event.due = model.now;
    }
    const free = [...model.live].filter(
      ([, { holder, due }]) => holder === undefined && due <= model.now,
    );
    const claimed = await real.outbox.claim({ limit, lease });
    assert.equal(claimed.length, Math.min(limit, free.length));
    const neverLeased = free
      .filter(([, { leased }]) => !leased)
      .map(([id]) => id);
    const first = claimed.filter(({ id }) => !model.live.get(id)?.leased);
    assert.deepEqual(
      first.map(({ id }) => id),
      neverLeased.slice(0, first.length),
    );
    const ids = new Set(free.map(([id]) => id));
    for (const event of claimed) {
      assert.ok(ids.delete(event.id), `${event.id} was not free, or twice`);
      const expected = model.live.get(event.id) as Expected;
      assert.equal(event.failedAttempts, expected.failedAttempts);
      assert.equal(event.payload, JSON.stringify({ id: event.id }));
      expected.holder = event;
      expected.until = model.now + lease;
      expected.leased = true;
    }
    real.claims.push(claimed);
  });

/** Does something with part of an earlier claim, which may be lost by now. */
function endClaim(
  kind: 'acknowledge' | 'deadLetter' | 'release' | 'fail',
  which: number,
  from: number,
  delay: number,
): Command {
  return command(`${kind} #${which} from ${from}`, async (model, real) => {
    const { outbox, claims } = real;
    const claimed = claims[which % Math.max(claims.length, 1)] ?? [];
    const part = claimed.slice(from % (claimed.length + 1));
    const held = part.filter(
      (event) => model.live.get(event.id)?.holder === event,
    );
    if (kind === 'acknowledge') {
      assert.equal(await outbox.acknowledge(part), held.length);
    } else if (kind === 'deadLetter') {
      const cause = { reason: 'rejected', message: 'no' } as const;
      assert.equal(await outbox.deadLetter(part, cause), held.length);
    } else {
      await outbox.release(part, { delay, failed: kind === 'fail' });
    }
    for (const { id } of held) {
      const expected = model.live.get(id) as Expected;
      if (kind === 'acknowledge' || kind === 'deadLetter')
        model.live.delete(id);
      if (kind === 'deadLetter') model.dead.set(id, expected.failedAttempts);
      if (kind === 'fail') expected.failedAttempts++;
      expected.holder = undefined;
      expected.due = model.now + delay;
    }
  });
}

const advance = (ms: number) =>
  command(`advance ${ms} ms`, async (model) => {
    model.now += ms;
  });

const requeue = command('requeue', async (model, { outbox }) => {
  const letters = await outbox.deadLetters({}, { limit: 1000 });
  assert.deepEqual(
    new Map(letters.map(({ id, failedAttempts }) => [id, failedAttempts])),
    model.dead,
  );
  assert.equal(await outbox.requeue({}), model.dead.size);
  for (const id of model.dead.keys()) model.live.set(id, fresh(model));
  model.dead.clear();
});

const purge = command('purge', async (model, { outbox }) => {
  assert.equal(await outbox.purge({}), model.dead.size);
  model.dead.clear();
});

const reopen = command('reopen', async (model, real) => {
  await real.outbox.close();
  real.outbox = await real.reopen(real.outbox);
  for (const expected of model.live.values()) {
    expected.holder = undefined;
    expected.leased = false;
    expected.due = 0;
  }
});

/** Whatever is still there can be claimed in the end, each once. */
async function drain(model: Model, { outbox }: Real): Promise<void> {
  model.now += 1_000_000;
  const claimed = await outbox.claim({ limit: 1_000_000, lease: 1 });
  assert.deepEqual(
    claimed.map(({ id }) => id).sort(),
    [...model.live.keys()].sort(),
  );
}

/**
 * Compares an outbox that goes by its context's clock with a simple model, over
 * random commands: nothing is lost, nothing is leased to two.
 */
export async function checkAgainstModel(options: {
  runs: number;
  create(): OdpOutbox;
  reopen?(outbox: OdpOutbox): OdpOutbox;
}): Promise<void> {
  const small = fc.nat({ max: 30 });
  const kinds = fc.constantFrom(
    'acknowledge' as const,
    'deadLetter' as const,
    'release' as const,
    'fail' as const,
  );
  const durations = fc.constantFrom(0, 1, 500, 1000);
  const leases = fc.constantFrom(1, 500, 1000);
  const commands = [
    fc.integer({ min: 0, max: 20 }).map(append),
    fc.tuple(fc.integer({ min: 1, max: 25 }), leases).map((a) => claim(...a)),
    fc.tuple(kinds, small, small, durations).map((a) => endClaim(...a)),
    fc.tuple(kinds, small, small, durations).map((a) => endClaim(...a)),
    durations.map(advance),
    fc.constant(requeue),
    fc.constant(purge),
    ...(options.reopen === undefined ? [] : [fc.constant(reopen)]),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.commands(commands, { maxCommands: 60, size: 'max' }),
      async (list) => {
        const model: Model = {
          now: 1_000_000,
          appended: 0,
          live: new Map(),
          dead: new Map(),
        };
        const start = async (outbox: OdpOutbox) => {
          await outbox.open(quietContext({ now: () => model.now }));
          return outbox;
        };
        const real: Real = {
          outbox: await start(options.create()),
          model,
          claims: [],
          reopen: (outbox) => start(options.reopen?.(outbox) ?? outbox),
        };
        try {
          await fc.asyncModelRun(() => ({ model, real }), list);
          await drain(model, real);
        } finally {
          await real.outbox.close();
        }
      },
    ),
    { numRuns: options.runs },
  );
}
