// The whole engine under simulated faults: npm run test:simulation [-- --seed <number> --runs <number>]
import { parseArgs } from 'node:util';
import { simulate } from './simulate.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '5000' },
  },
});
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(values.runs);
console.log(`${runs} runs from seed ${first}`);

const sums = {
  accepted: 0,
  delivered: 0,
  rejected: 0,
  expired: 0,
  erased: 0,
  misled: 0,
  requests: 0,
};
let failed = 0;
for (let seed = first; seed < first + runs; seed++) {
  try {
    const figures = await simulate(seed);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
      sums[name] += figures[name];
    }
  } catch (error) {
    failed++;
    console.error(`seed ${seed}: ${(error as Error).message}`);
    if (runs === 1) console.error(error);
  }
}
console.log(sums);
console.log(`${runs - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
