// Lets Node run this repository's TypeScript as it stands, without a build:
//
//   node --import ./test/support/typescript.mjs test/chaos/some-child.ts
//
// Vitest does that for tests; this is for processes that tests start and kill.
// Decorators work, types are not checked.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

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
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(
    await readFile(new URL(url), 'utf8'),
    {
      fileName: url,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        inlineSourceMap: true,
      },
    },
  );
  return { format: 'module', source: outputText, shortCircuit: true };
}
