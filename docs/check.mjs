// Compiles every TypeScript block of README.md, CONTRIBUTING.md and docs/*.md
// against the sources. Run by `npm run docs:check`.
//
// A block stands for itself. What it assumes without showing it goes into a
// comment before it, which is compiled in front of that one block:
//
//     <!-- assume
//     import { OdpService } from 'nestjs-optimizely-odp';
//     declare const odp: OdpService;
//     -->
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, '.docs-check');

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/**
 * The blocks of a page, each as the page with all else blanked out, so that
 * the compiler names the page's own lines.
 */
function blocksOf(page) {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const blocks = [];
  let assumed = [];
  let block;
  let fence;
  let within = 'text';
  for (const [index, line] of lines.entries()) {
    if (within === 'text') {
      const [, ticks, language] = /^\s*(`{3,})(\w*)/.exec(line) ?? [];
      fence = ticks;
      if (line.trim() === '<!-- assume') within = 'assumption';
      else if (language === 'ts' || language === 'typescript') {
        within = 'block';
        block = lines.map(() => '');
        for (const at of assumed) block[at] = lines[at];
        assumed = [];
      } else if (language !== undefined) within = 'other block';
    } else if (within === 'assumption') {
      if (line.trim() === '-->') within = 'text';
      else assumed.push(index);
    } else if (line.trim() === fence) {
      if (within === 'block') blocks.push(block);
      within = 'text';
    } else if (within === 'block') block[index] = line;
  }
  if (within !== 'text' || assumed.length > 0) {
    throw new Error(`${page}: an unfinished block, or an assumption of none.`);
  }
  return blocks;
}

rmSync(out, { recursive: true, force: true });
let count = 0;
for (const page of pages) {
  for (const [index, block] of blocksOf(page).entries()) {
    const file = join(out, `${page}.${index}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, [...block, 'export {};'].join('\n'));
    count++;
  }
}
writeFileSync(
  join(out, 'tsconfig.json'),
  JSON.stringify({
    extends: '../tsconfig.json',
    compilerOptions: { noEmit: true, declaration: false, rootDir: '..' },
    include: ['**/*.ts'],
    exclude: [],
  }),
);

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status, stdout } = spawnSync(
  process.execPath,
  [tsc, '-p', out, '--pretty', 'false'],
  { cwd: root, encoding: 'utf8' },
);
if (status !== 0) {
  console.error(stdout.replaceAll(/^\.docs-check\/(.*?\.md)\.\d+\.ts/gm, '$1'));
  process.exit(1);
}
rmSync(out, { recursive: true });
console.log(`${count} TypeScript blocks of ${pages.length} pages compile.`);
