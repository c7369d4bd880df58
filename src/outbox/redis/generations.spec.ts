import { expect, it } from 'vitest';
import { Generations } from './generations.js';

it('asks only for those in which something was appended, until nothing of them is left', () => {
  const generations = new Generations();
  expect(generations.next()).toEqual([]);
  generations.ended(generations.began());
  expect(generations.next()).toEqual([0]);
  expect(generations.next()).toEqual([0]);
  generations.ended(generations.began());
  expect(generations.next()).toEqual([0, 1]);
  generations.forget(0);
  expect(generations.next()).toEqual([1]);
});

it('is not over while an append of it is under way, nor while more may come', () => {
  const generations = new Generations();
  const first = generations.began();
  expect(generations.isOver(first)).toBe(false);
  generations.next();
  expect(generations.isOver(first)).toBe(false);
  generations.ended(first);
  expect(generations.isOver(first)).toBe(true);
  generations.ended(generations.began());
  expect(generations.isOver(1)).toBe(false);
});
