import { describe, expect, it } from 'vitest';
import { quietContext } from '../../../test/support/outboxes.js';
import type { ClaimedEvent } from '../outbox.js';
import { Housekeeping } from './housekeeping.js';
import type { OutboxTables } from './tables.js';

const MINUTE = 60_000;

/** Housekeeping of tables that only count what is asked of them. */
function house() {
  const asked = { trimmed: 0, forgot: 0, removed: 0 };
  let now = 0;
  let away = false;
  const answer = (what: 'trimmed' | 'forgot') => async () => {
    asked[what]++;
    if (away) throw new Error('away');
    return 2;
  };
  const tables = {
    deadLetters: { trim: answer('trimmed') },
    forgetOutcomes: answer('forgot'),
  } as unknown as OutboxTables;
  const context = quietContext({
    monotonic: () => now,
    deadLetterRetention: { maxAge: 1, maxCount: 1000, maxBytes: 100_000 },
    deadLettersRemoved: (count) => (asked.removed += count),
  });
  const housekeeping = new Housekeeping();
  const letters = (count: number, size = 1) =>
    Array.from({ length: count }, () => ({ payload: 'x'.repeat(size) }));
  return {
    asked,
    pass: (ms: number) => (now += ms),
    goAway: (yes: boolean) => (away = yes),
    deadLetter: (count: number, size?: number) =>
      housekeeping.deadLettered(
        letters(count, size) as unknown as ClaimedEvent[],
        { tables, context },
      ),
    record: () => housekeeping.recorded({ tables, context }),
  };
}

describe('Housekeeping', () => {
  it('looks through dead letters at first, then once enough are new', async () => {
    const { asked, deadLetter, pass } = house();
    await deadLetter(1);
    expect(asked).toMatchObject({ trimmed: 1, removed: 2 });
    await deadLetter(9);
    expect(asked.trimmed).toBe(1);
    await deadLetter(1);
    expect(asked.trimmed).toBe(2);
    await deadLetter(1, 1000);
    expect(asked.trimmed).toBe(3);
    pass(MINUTE);
    await deadLetter(1);
    expect(asked.trimmed).toBe(4);
  });

  it('fails nobody, and tries again', async () => {
    const { asked, deadLetter, goAway } = house();
    goAway(true);
    await deadLetter(1);
    goAway(false);
    await deadLetter(1);
    expect(asked).toMatchObject({ trimmed: 2, removed: 2 });
  });

  it('forgets outcomes every ten minutes', async () => {
    const { asked, record, pass, goAway } = house();
    goAway(true);
    await record();
    await record();
    expect(asked.forgot).toBe(1);
    pass(10 * MINUTE);
    await record();
    expect(asked.forgot).toBe(2);
  });
});
