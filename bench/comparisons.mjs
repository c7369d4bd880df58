// What is compared with what. A lane is one measured process: a script of
// `runs/` and what it is asked for. `figures` are the columns of its table;
// `ratios` relate lanes of one round, with the goal where there is one.
// `title` and `lanes` may be made from the sizes that `run.mjs` was asked for.
import { boot } from './comparisons/boot.mjs';
import { call, latency } from './comparisons/call.mjs';
import { durable } from './comparisons/durable.mjs';
import { bulk, linear } from './comparisons/growth.mjs';
import { deploy, outage, recovery } from './comparisons/outage.mjs';
import { route } from './comparisons/route.mjs';
import { segments } from './comparisons/segments.mjs';
import { throughput } from './comparisons/throughput.mjs';

export const comparisons = {
  throughput,
  durable,
  recovery,
  deploy,
  outage,
  latency,
  call,
  segments,
  route,
  linear,
  boot,
  bulk,
};
