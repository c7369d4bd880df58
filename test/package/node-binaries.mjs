// Node's binaries, each from the npm package that holds it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest version of each line that package.json's `engines` allows, and the newest of those that last. */
export const VERSIONS = ['20.19.0', '22.12.0', '24', '26'];

const cache = fileURLToPath(
  new URL('../../node_modules/.cache/node-versions', import.meta.url),
);

/** The folder of this version's `node`, downloaded unless it is there. */
export function nodeOf(version) {
  const folder = join(cache, version);
  const bin = join(folder, 'package/bin');
  if (existsSync(join(bin, 'node'))) return bin;
  mkdirSync(folder, { recursive: true });
  const name = `node-${process.platform}-${process.arch}@${version}`;
  const packed = JSON.parse(
    execFileSync(
      'npm',
      ['pack', name, '--json', '--pack-destination', folder],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    ),
  );
  const [{ filename }] = packed;
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder]);
  return bin;
}
