// Lets Node run this repository's TypeScript as it stands, without a build:
//
//   node --import ./test/support/typescript.mjs test/chaos/main.ts
//
// Vitest does that for tests; this is for processes of their own. Decorators work,
// types are not checked. What was translated once is kept.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const cache = new URL(
  '../../node_modules/.cache/odp-typescript/',
  import.meta.url,
);

// Node runs the hooks below in a thread of their own.
if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!/^\.{1,2}\/.*\.js$/.test(specifier)) throw error;
    return next(specifier.replace(/\.js$/, '.ts'), context);
  }
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const text = await readFile(new URL(url), 'utf8');
  const name = createHash('sha256').update(url).update(text).digest('hex');
  const kept = new URL(`${name}.js`, cache);
  const source = await readFile(kept, 'utf8').catch(() =>
    translate(url, text, kept),
  );
  return { format: 'module', source, shortCircuit: true };
}

async function translate(url, text, kept) {
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(text, {
    fileName: url,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      inlineSourceMap: true,
    },
  });
  // Under its name only when it is complete: others read it meanwhile.
  const draft = new URL(`${kept}.${process.pid}`);
  await mkdir(cache, { recursive: true });
  await writeFile(draft, outputText);
  await rename(draft, kept);
  return outputText;
}
