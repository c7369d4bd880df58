import { expect, test } from 'vitest';
import { Blame, type Refused } from './blame.js';
import { Evidence } from './evidence.js';

const refusal = (fromOdp: boolean): Refused => ({
  kind: 'refused',
  reason: 'no',
  fromOdp,
  status: 400,
  problem: 'status 400',
  timedOut: false,
});
const byOdp = refusal(true);
const byProxy = refusal(false);
const forbidden: Refused = {
  kind: 'misconfigured',
  status: 403,
  problem: 'status 403',
  timedOut: false,
};

const batch = (size: number, failedAttempts = 0) =>
  Array.from({ length: size }, (_, n) => ({
    id: `${n}`,
    payload: '{}',
    createdAt: 0,
    age: 0,
    failedAttempts,
    claim: undefined,
  }));

/** Another event's request gets through. */
const through = (evidence: Evidence) => {
  evidence.gotThrough(evidence.start());
  evidence.delivered([{ id: 'other' }]);
};

test('a batch whose content may be to blame is halved', () => {
  const blame = new Blame(new Evidence());
  expect(blame.of(batch(4), byOdp, 0)).toBe('halve');
  expect(blame.of(batch(2), byProxy, 0)).toBe('halve');
});

test('a key that is refused at once is to blame, whatever the batch', () => {
  expect(new Blame(new Evidence()).of(batch(4), forbidden, 3)).toBe('suspend');
  expect(new Blame(new Evidence()).of(batch(1), forbidden, 0)).toBe('suspend');
});

test('a batch that is forbidden although others get through, or that has failed before, is halved', () => {
  const evidence = new Evidence();
  const blame = new Blame(evidence);
  through(evidence);
  expect(blame.of(batch(4), forbidden, 0)).toBe('halve');
  const again = new Blame(new Evidence());
  expect(again.of(batch(4, 1), forbidden, 0)).toBe('halve');
});

test('an event that is alone waits for what the others show; without others, the account is to blame', () => {
  const blame = new Blame(new Evidence());
  expect(blame.of(batch(1), byOdp, 1)).toBe('sendLast');
  expect(blame.of(batch(1), byOdp, 0)).toBe('suspend');
});

test('what ODP itself refuses again, with others getting through between, is rejected', () => {
  const evidence = new Evidence();
  const blame = new Blame(evidence);
  through(evidence);
  expect(blame.of(batch(1), byOdp, 0)).toBe('retryAlone');
  through(evidence);
  expect(blame.of(batch(1), byOdp, 0)).toBe('reject');
});

test('what something else refuses is rejected after twenty such proofs', () => {
  const evidence = new Evidence();
  const verdicts = Array.from({ length: 21 }, () => {
    const verdict = new Blame(evidence).of(batch(1, 1), byProxy, 1);
    through(evidence);
    return verdict;
  });
  expect(verdicts[0]).toBe('sendLast');
  expect(new Set(verdicts.slice(1, 20))).toEqual(new Set(['retry']));
  expect(verdicts[20]).toBe('reject');
});

test('a dozen refusals in a row blame the account, unless something got through between', () => {
  const evidence = new Evidence();
  const blame = new Blame(evidence);
  const refuse = () => blame.of(batch(2), byProxy, 0);
  for (let n = 1; n < 12; n++) expect(refuse()).toBe('halve');
  evidence.start();
  through(evidence);
  for (let n = 1; n < 12; n++) expect(refuse()).toBe('halve');
  expect(refuse()).toBe('suspend');
});
