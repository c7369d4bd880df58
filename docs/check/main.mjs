// Compiles every TypeScript block of README.md, CONTRIBUTING.md and docs/*.md
// against the built package, then runs each: against the sandbox, and a real
// Redis, Postgres and MySQL where it uses one. Run by `npm run docs:check`.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocksOf } from './blocks.mjs';
import { startStores } from './stores.mjs';

const ROOT = new URL('../../', import.meta.url);
const root = fileURLToPath(ROOT);
const out = join(root, '.docs-check');
const PAGE_TIMEOUT_MS = 300_000;
const AT_ONCE = 2;

const only = process.argv.slice(2);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter((page) => only.length === 0 || only.includes(page));

function write() {
  rmSync(out, { recursive: true, force: true });
  const written = [];
  for (const page of pages) {
    for (const [index, block] of blocksOf(ROOT, page).entries()) {
      const name = block.name ?? String(index);
      const file = join(page, `${name}${block.isTest ? '.spec' : ''}.ts`);
      mkdirSync(dirname(join(out, file)), { recursive: true });
      writeFileSync(join(out, file), block.text);
      written.push({ ...block, file });
    }
  }
  const here = dirname(fileURLToPath(import.meta.url));
  cpSync(join(here, 'globals.d.ts'), join(out, 'globals.d.ts'));
  const compilerOptions = {
    paths: {},
    rootDir: '.',
    outDir: 'js',
    declaration: false,
  };
  writeFileSync(
    join(out, 'tsconfig.json'),
    JSON.stringify({
      extends: '../tsconfig.json',
      compilerOptions,
      include: ['**/*.ts'],
      exclude: ['js'],
    }),
  );
  return written;
}

function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', out, '--pretty', 'false'],
    { cwd: root, encoding: 'utf8' },
  );
  if (status === 0) return;
  console.error(
    stdout.replaceAll(/^\.docs-check\/(.*?\.md)\/[^(]*\.ts/gm, '$1'),
  );
  process.exit(1);
}

/** One process for each page, as what a page sets up is its own. */
function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PAGE_TIMEOUT_MS,
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function runAll(blocks, env) {
  const jobs = pages
    .map((page) => {
      const own = blocks.filter((block) => block.page === page);
      const files = own
        .filter(({ isTest }) => !isTest)
        .map(({ file, line }) => `${file.replace(/\.ts$/, '.js')}:${line}`);
      return { page, args: [join(root, 'docs/check/run.mjs'), ...files] };
    })
    .filter(({ args }) => args.length > 1);
  if (blocks.some(({ isTest }) => isTest)) {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const config = join(root, 'docs/check/vitest.config.mjs');
    jobs.unshift({
      page: 'the test files',
      args: [vitest, 'run', '--config', config],
    });
  }
  let failed = 0;
  const work = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { code, output } = await run(process.execPath, job.args, env);
      if (code === 0) continue;
      failed++;
      console.error(`${job.page} fails:\n${output}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}

/** The README is where everything is told from. */
function checkIndex() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const missing = pages.filter(
    (page) => page.startsWith('docs/') && !readme.includes(`(${page})`),
  );
  if (missing.length === 0) return;
  console.error(`README.md has no link to ${missing.join(', ')}.`);
  process.exit(1);
}

checkIndex();
const blocks = write();
compile();
const stores = await startStores();
let failed;
try {
  failed = await runAll(blocks, { ...process.env, ...stores.env });
} finally {
  await stores.stop();
}
if (failed > 0) process.exit(1);
rmSync(out, { recursive: true });
console.log(
  `${blocks.length} TypeScript blocks of ${pages.length} pages compile and run.`,
);
