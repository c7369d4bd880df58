// Runs the specs of test/tracking on Nest 11: the packed tarball, installed with
// Nest 11's packages for every transport into a throw-away directory. Run by
// `npm run test:nest11`; the tarball may be given, else it is packed.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'odp-nest11-'));

const dependencies = {
  '@apollo/server': '^5.0.0',
  '@as-integrations/express5': '^1.0.0',
  '@nestjs/apollo': '^13.0.0',
  '@nestjs/axios': '^4.0.0',
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/graphql': '^13.0.0',
  '@nestjs/mercurius': '^13.0.0',
  '@nestjs/microservices': '^11.0.0',
  '@nestjs/platform-express': '^11.0.0',
  '@nestjs/platform-fastify': '^11.0.0',
  '@nestjs/platform-socket.io': '^11.0.0',
  '@nestjs/platform-ws': '^11.0.0',
  '@nestjs/testing': '^11.0.0',
  '@nestjs/websockets': '^11.0.0',
  axios: '^1.8.0',
  'class-transformer': '^0.5.1',
  'class-validator': '^0.14.0',
  graphql: '^16.0.0',
  mercurius: '^16.0.0',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.0',
  'socket.io-client': '^4.0.0',
  ws: '^8.0.0',
};

const config = `export default {
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ['test/**/*.spec.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
};
`;

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
  writeFileSync(
    join(work, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  run('install', 'npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--ignore-scripts',
    tarball,
  ]);
  cpSync(join(root, 'test/tracking'), join(work, 'test/tracking'), {
    recursive: true,
  });
  writeFileSync(join(work, 'vitest.config.mjs'), config);
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
