import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ClaimedEvent, OdpOutbox } from '../../src/index.js';
import { idsOf, LEASE, quietContext, someEvents } from './outboxes.js';

type Step =
  | { readonly do: 'append'; readonly by: number; readonly count: number }
  | { readonly do: 'claim'; readonly by: number; readonly limit: number }
  | { readonly do: 'take over'; readonly by: number }
  | { readonly do: 'requeue' | 'purge'; readonly by: number }
  | {
      readonly do: 'acknowledge' | 'deadLetter' | 'fail' | 'give back';
      /** Which of the claims so far, and which of its events. */
      readonly claim: number;
      readonly events: readonly number[];
    };

/** What an event is to the model. */
interface Known {
  readonly id: string;
  failedAttempts: number;
  /** The claim that holds it. */
  holder?: readonly ClaimedEvent[] | undefined;
}

const by = fc.constantFrom(0, 1);
const settling = fc.record({
  do: fc.constantFrom('acknowledge', 'deadLetter', 'fail', 'give back'),
  claim: fc.nat({ max: 9 }),
  events: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 }),
});

/** Anything that two instances may do with one outbox, in any order. */
export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('append'), by, count: fc.nat({ max: 7 }) }),
    fc.record({ do: fc.constant('claim'), by, limit: fc.nat({ max: 7 }) }),
    settling,
    settling,
    fc.record({ do: fc.constantFrom('take over', 'requeue', 'purge'), by }),
  ),
  { maxLength: 40 },
);

/** Does the steps with two instances, and expects of each what a plain list would do. */
export async function followsModel(
  instances: readonly OdpOutbox[],
  passTime: (ms: number) => Promise<void>,
  steps: readonly Step[],
): Promise<void> {
  const pending: Known[] = [];
  let dead: Known[] = [];
  const claims: { by: number; events: readonly ClaimedEvent[] }[] = [];
  const outbox = (index: number) => instances[index] as OdpOutbox;

  async function claim(index: number, limit: number): Promise<void> {
    const expected = pending
      .filter(({ holder }) => holder === undefined)
      .slice(0, limit);
    const events = await outbox(index).claim({ limit, lease: LEASE });
    expect(
      events.map(({ id, failedAttempts }) => ({ id, failedAttempts })),
    ).toEqual(
      expected.map(({ id, failedAttempts }) => ({ id, failedAttempts })),
    );
    for (const event of expected) event.holder = events;
    claims.push({ by: index, events });
  }

  async function endClaim(step: Extract<Step, { claim: number }>) {
    const found = claims[step.claim % (claims.length || 1)];
    if (found === undefined || found.events.length === 0) return;
    const { events } = found;
    const meant = step.events
      .map((place) => place % events.length)
      .sort((left, right) => left - right)
      .map((place) => events[place] as ClaimedEvent);
    const ids = new Set(idsOf(meant));
    const held = pending.filter(
      ({ id, holder }) => holder === events && ids.has(id),
    );
    for (const event of held) {
      event.holder = undefined;
      if (step.do === 'fail') event.failedAttempts++;
      if (step.do === 'deadLetter') dead.push({ ...event });
      if (step.do === 'deadLetter' || step.do === 'acknowledge') {
        pending.splice(pending.indexOf(event), 1);
      }
    }
    const claimant = outbox(found.by);
    if (step.do === 'acknowledge') {
      expect(await claimant.acknowledge(meant)).toBe(held.length);
    } else if (step.do === 'deadLetter') {
      const cause = { reason: 'expired', message: 'old' } as const;
      expect(await claimant.deadLetter(meant, cause)).toBe(held.length);
    } else {
      await claimant.release(meant, { delay: 0, failed: step.do === 'fail' });
    }
  }

  for (const instance of instances) await instance.open(quietContext());
  try {
    for (const [place, step] of steps.entries()) {
      if ('claim' in step) {
        await endClaim(step);
      } else if (step.do === 'append') {
        const events = someEvents(step.count, `step-${place}`);
        await outbox(step.by).append(events);
        pending.push(...idsOf(events).map((id) => ({ id, failedAttempts: 0 })));
      } else if (step.do === 'claim') {
        await claim(step.by, step.limit);
      } else if (step.do === 'take over') {
        await passTime(LEASE);
        for (const event of pending) event.holder = undefined;
        await claim(step.by, 1000);
      } else {
        const { length } = dead;
        expect(await outbox(step.by)[step.do]({})).toBe(length);
        if (step.do === 'requeue') {
          pending.push(...dead.map(({ id }) => ({ id, failedAttempts: 0 })));
        }
        dead = [];
      }
      const counts = await outbox(place % 2).counts();
      expect(counts.pending).toBe(pending.length);
      expect(counts.deadLetters).toBe(dead.length);
      const letters = await outbox(place % 2).deadLetters({}, { limit: 1000 });
      expect(
        letters.map(({ id, failedAttempts }) => ({ id, failedAttempts })),
      ).toEqual(dead.map(({ id, failedAttempts }) => ({ id, failedAttempts })));
    }
  } finally {
    for (const instance of instances) await instance.close();
  }
}
