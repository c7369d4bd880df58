// Checks the package as users get it: packs it, lints the tarball, and runs it
// in throw-away apps of its own, an ESM one on Nest 12 and a CommonJS one on
// Nest 11 (with Jest). Run by `npm run test:package`. Each app has its lock file:
// what strangers publish meanwhile, or publish by halves, is not what is tested.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenLinks } from './links.mjs';
import { nodeOf, VERSIONS } from './node-binaries.mjs';

const root = new URL('../..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'odp-package-'));
const { exports, name } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const entries = Object.keys(exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => name + entry.slice(1));

function run(title, command, args, cwd) {
  const began = performance.now();
  try {
    execFileSync(command, args, { cwd, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    console.error(`FAILED ${title}\n${error.stdout}\n${error.stderr}`);
    throw new Error(title, { cause: error });
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`ok     ${title} (${seconds} s)`);
}

const MISSING_PEER = `
  import { odpConfig } from '${name}/config';
  await odpConfig();
  process.env.OPTIMIZELY_ODP_SDK_KEY = 'key';
  const { message } = await odpConfig().catch((error) => error);
  if (!message.includes('npm install @optimizely/optimizely-sdk')) {
    throw new Error(message);
  }
`;

const bin = (tool) => join(root, 'node_modules/.bin', tool);

try {
  run('pack', 'npm', ['pack', '--pack-destination', work], root);
  const tarball = join(
    work,
    execFileSync('ls', [work], { encoding: 'utf8' }).trim(),
  );
  run(
    'public API',
    'node',
    [join(root, 'test/package/public-api.mjs'), '--check'],
    root,
  );
  run('publint', bin('publint'), ['--strict', tarball], root);
  run('unpack', 'tar', ['-xzf', tarball, '-C', work], work);
  const broken = brokenLinks(join(work, 'package'));
  if (broken.length > 0) {
    throw new Error(`lead nowhere in the package:\n${broken.join('\n')}`);
  }
  console.log('ok     every link of README and docs leads somewhere');
  run('attw', bin('attw'), [tarball, '--profile', 'esm-only'], root);

  for (const app of ['nest12-esm', 'nest11-cjs']) {
    const cwd = join(work, app);
    cpSync(join(root, 'test/package', app), cwd, { recursive: true });
    run(
      `${app}: install`,
      'npm',
      ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball],
      cwd,
    );
    const specifiers = JSON.stringify(entries);
    run(
      `${app}: import every entry point`,
      'node',
      [
        '--input-type=module',
        '-e',
        `for (const entry of ${specifiers}) await import(entry)`,
      ],
      cwd,
    );
    run(
      `${app}: require every entry point`,
      'node',
      [
        '--input-type=commonjs',
        '-e',
        `for (const entry of ${specifiers}) require(entry)`,
      ],
      cwd,
    );
    run(`${app}: npm test`, 'npm', ['test'], cwd);
    if (app === 'nest12-esm') {
      for (const version of [VERSIONS.at(0), VERSIONS.at(-1)]) {
        // What `npm test` has compiled is the same on each.
        const node = join(nodeOf(version), 'node');
        run(`${app}: on Node ${version}`, node, ['dist/main.js'], cwd);
      }
    }
    rmSync(join(cwd, 'node_modules/@optimizely'), { recursive: true });
    run(
      `${app}: an SDK key in the environment asks for its missing peer`,
      'node',
      ['--input-type=module', '-e', MISSING_PEER],
      cwd,
    );
  }
  run(
    'nest11: every handler kind',
    'node',
    [join(root, 'test/package/nest11-transports.mjs'), tarball],
    root,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
