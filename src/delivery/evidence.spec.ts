import { expect, test } from 'vitest';
import { Evidence } from './evidence.js';

/** Another event's request starts and gets through. */
const other = (evidence: Evidence, id = 'other') => {
  evidence.gotThrough(evidence.start());
  evidence.delivered([{ id }]);
};

test('an event is to blame once others got through between two of its refusals', () => {
  const evidence = new Evidence();
  expect(evidence.refused('a')).toBe(0);
  expect(evidence.refused('a')).toBe(0);
  other(evidence);
  expect(evidence.refused('a')).toBe(1);
  expect(evidence.refused('a')).toBe(1);
  other(evidence);
  expect(evidence.refused('a')).toBe(2);
});

test('a request that had started before a refusal proves nothing', () => {
  const evidence = new Evidence();
  const slow = evidence.start();
  evidence.refused('a');
  evidence.gotThrough(slow);
  expect(evidence.refused('a')).toBe(0);
});

test('a failure for the moment is no refusal', () => {
  const evidence = new Evidence();
  evidence.failed([{ id: 'a' }]);
  other(evidence);
  expect(evidence.refused('a')).toBe(0);
});

test('an event that fails with others getting through in between fails by itself', () => {
  const evidence = new Evidence();
  expect(evidence.failed([{ id: 'a' }])).toBe(false);
  expect(evidence.failed([{ id: 'a' }])).toBe(false);
  other(evidence);
  expect(evidence.failed([{ id: 'a' }])).toBe(true);
  expect(evidence.failed([{ id: 'a' }])).toBe(false);
});

test('an event that was refused and then delivered clears all others', () => {
  const evidence = new Evidence();
  evidence.refused('a');
  evidence.refused('b');
  other(evidence);
  expect(evidence.refused('a')).toBe(1);
  other(evidence, 'b');
  expect(evidence.refused('a')).toBe(1);
});

test('what was given up is forgotten, and so is the first of more than 10,000', () => {
  const evidence = new Evidence();
  evidence.refused('a');
  evidence.forget('a');
  other(evidence);
  expect(evidence.refused('a')).toBe(0);
  for (let n = 0; n < 10_000; n++) evidence.refused(String(n));
  other(evidence);
  expect(evidence.refused('a')).toBe(0);
});

test('an event is suspected once it was refused again with others getting through', () => {
  const evidence = new Evidence();
  evidence.refused('a');
  other(evidence);
  expect(evidence.suspects({ id: 'a' })).toBe(false);
  evidence.refused('a');
  expect(evidence.suspects({ id: 'a' })).toBe(true);
  expect(evidence.suspects({ id: 'b' })).toBe(false);
});

test('answers that name events are believed a dozen times, until something gets through', () => {
  const evidence = new Evidence();
  const verdicts = (count: number) =>
    Array.from({ length: count }, () => evidence.verdict(false));
  expect(verdicts(12)).not.toContain(false);
  expect(verdicts(2)).toEqual([false, false]);
  other(evidence);
  expect(verdicts(12)).not.toContain(false);
  expect(verdicts(1)).toEqual([false]);
  evidence.acquit();
  expect(verdicts(1)).toEqual([true]);
});

test('an answer that names each of several events is believed', () => {
  const evidence = new Evidence();
  for (let n = 0; n < 20; n++) expect(evidence.verdict(true)).toBe(true);
});
