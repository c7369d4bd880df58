// Runs every comparison in interleaved rounds, each lane in a process of its
// own, prints one table and writes all figures to bench/results/.
//
//   npm run bench
//   npm run bench -- --only route,call --rounds 7 --quick
//
// --only    some of the comparisons (see comparisons.mjs)
// --lanes   of these only the lanes whose name matches this regular expression
// --rounds  how many, 5 unless given
// --backlog how many events wait in a backlog, 1,000,000 unless given
// --quick   a backlog of 100,000, and an outage of 15 s instead of 60
// --print   the tables of an earlier run: its file in bench/results/
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { comparisons } from './comparisons.mjs';
import { table } from './table.mjs';

const { values: asked } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    lanes: { type: 'string', default: '' },
    backlog: { type: 'string' },
    quick: { type: 'boolean', default: false },
    print: { type: 'string' },
  },
});
const here = fileURLToPath(new URL('.', import.meta.url));

function prepare(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/** Runs one lane; its figures are the last line that it prints. */
async function measure({ run, options, nodeOptions = [] }) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...nodeOptions, `${here}runs/${run}.mjs`, JSON.stringify(options)],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const resolved = (part, sizes) =>
  typeof part === 'function' ? part(sizes) : part;

/** What was asked for of a comparison's lanes. */
const lanesOf = ({ lanes }, sizes) =>
  Object.entries(resolved(lanes, sizes)).filter(([lane]) =>
    new RegExp(asked.lanes).test(lane),
  );

/** Measures everything that was asked for; returns the file with all figures. */
async function measureAll() {
  const names = asked.only?.split(',') ?? Object.keys(comparisons);
  const unknown = names.filter((name) => !Object.hasOwn(comparisons, name));
  if (unknown.length > 0) {
    throw new Error(
      `--only ${unknown.join(',')}: choose of ${Object.keys(comparisons).join(', ')}`,
    );
  }
  prepare('npm', ['run', '--silent', 'build'], `${here}..`);
  if (!existsSync(`${here}node_modules`)) prepare('npm', ['ci'], here);

  const date = new Date().toISOString();
  const file = `${here}results/${date.replaceAll(':', '-')}.json`;
  mkdirSync(`${here}results`, { recursive: true });
  const setting = `${date.slice(0, 10)}, Node ${process.version}, ${cpus().length} cores, ${asked.rounds} rounds; median (minimum–maximum)`;
  /** How busy the machine was before each lane. */
  const load = [];
  const { quick, backlog = quick ? 100_000 : 1_000_000 } = asked;
  const sizes = { outage: quick ? 15 : 60, backlog: Number(backlog) };
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let number = 1; number <= Number(asked.rounds); number++) {
    for (const name of names) {
      const round = {};
      for (const [lane, script] of lanesOf(comparisons[name], sizes)) {
        process.stderr.write(`round ${number}: ${name}: ${lane}\n`);
        load.push(loadavg()[0]);
        round[lane] = await measure(script);
      }
      results[name].push(round);
      writeFileSync(
        file,
        JSON.stringify({ setting, load, sizes, results }, undefined, 2),
      );
    }
  }
  return file;
}

const file = asked.print ?? (await measureAll());
const { setting, load, sizes, results } = JSON.parse(
  readFileSync(file, 'utf8'),
);
console.log(
  `\n${setting}; load ${Math.min(...load).toFixed(0)} to ${Math.max(...load).toFixed(0)}`,
);
for (const [name, rounds] of Object.entries(results)) {
  const { title, ...rest } = comparisons[name];
  console.log(table({ title: resolved(title, sizes), ...rest }, rounds));
}
console.log(`\nAll figures: ${file}`);
