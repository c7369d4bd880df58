import { expect, test } from 'vitest';
import { simulate } from './simulate.js';

/** As many as take a few seconds; npm run test:simulation makes more. */
const RUNS = 100;
const first = Math.floor(Math.random() * 2 ** 31);

test(`whatever goes wrong, each event comes to one end, in time (seeds from ${first})`, async () => {
  for (let seed = first; seed < first + RUNS; seed++) {
    await simulate(seed).catch((error: unknown) => {
      throw new Error(`npm run test:simulation -- --seed ${seed} --runs 1`, {
        cause: error,
      });
    });
  }
  expect(await simulate(first)).toEqual(await simulate(first));
});
