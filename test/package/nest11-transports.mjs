// Runs the specs of test/decorators on Nest 11: the packed tarball, installed with
// Nest 11's packages for every transport (nest11-transports/) into a throw-away
// directory. Run by `npm run test:nest11`; the tarball may be given, else it is
// packed.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'odp-nest11-'));

function run(title, command, args, options = {}) {
  const began = performance.now();
  execFileSync(command, args, { stdio: 'inherit', cwd: work, ...options });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`ok     ${title} (${seconds} s)`);
}

function pack() {
  run('pack', 'npm', ['pack', '--loglevel=error', '--pack-destination', work], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(
    work,
    readdirSync(work).find((file) => file.endsWith('.tgz')),
  );
}

try {
  const [given] = process.argv.slice(2);
  const tarball = given === undefined ? pack() : resolve(given);
  cpSync(join(root, 'test/package/nest11-transports'), work, {
    recursive: true,
  });
  run('install', 'npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--ignore-scripts',
    tarball,
  ]);
  cpSync(join(root, 'test/decorators'), join(work, 'test/decorators'), {
    recursive: true,
  });
  symlinkSync(
    join(root, 'node_modules/vitest'),
    join(work, 'node_modules/vitest'),
  );
  run('specs', process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--root',
    work,
    // Thousands of requests show nothing here that they do not show on Nest 12.
    '--testNamePattern',
    '^(?!.*interleaved)',
  ]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
