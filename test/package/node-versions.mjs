// Runs the suite on other versions of Node than the one at hand, each taken
// from the npm package that holds its binary. Run by `npm run test:node`, with
// major versions to pick some, and after `--` with what to hand to Vitest:
//   npm run test:node -- 20 26 -- src/events
import { execFileSync, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeOf, VERSIONS } from './node-binaries.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const args = process.argv.slice(2);
const end = args.includes('--') ? args.indexOf('--') : args.length;
const majors = args.slice(0, end);
const vitestArgs = args.slice(end + 1);
const unknown = majors.filter(
  (major) => !VERSIONS.some((version) => version.split('.')[0] === major),
);
if (unknown.length > 0) {
  console.error(`No such line of Node here: ${unknown.join(', ')}`);
  process.exit(2);
}

const failed = [];
for (const version of VERSIONS) {
  const [major] = version.split('.');
  if (majors.length > 0 && !majors.includes(major)) continue;
  const bin = nodeOf(version);
  const node = join(bin, 'node');
  const is = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`\n== Node ${is}`);
  const { status } = spawnSync(
    node,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...vitestArgs],
    {
      cwd: root,
      stdio: 'inherit',
      // Specs start processes of their own by the name `node`.
      env: { ...process.env, PATH: bin + delimiter + process.env['PATH'] },
    },
  );
  if (status !== 0) failed.push(is);
}
if (failed.length > 0) {
  console.error(`\nThe suite fails on Node ${failed.join(', ')}`);
  process.exit(1);
}
