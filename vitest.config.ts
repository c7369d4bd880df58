import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = fileURLToPath(new URL('./src', import.meta.url));

export default defineConfig({
  // Tests stand outside tsconfig.build.json, so Vite is told about Nest's
  // decorators here.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: {
    alias: [
      { find: /^nestjs-optimizely-odp$/, replacement: `${src}/index.ts` },
      {
        find: /^nestjs-optimizely-odp\/(.+)$/,
        replacement: `${src}/$1/index.ts`,
      },
    ],
  },
  test: {
    exclude: ['test/package/nest*/**'],
    // Loading Vitest, Nest and ourselves for each file would take half of the CPU
    // time. So files share a process, and put back what they change of it. Those of
    // test/outbox cut connections of drivers, whose errors may come late.
    projects: [
      {
        extends: true,
        test: {
          name: 'sharing a process',
          include: ['src/**/*.spec.ts', 'test/**/*.spec.ts'],
          exclude: ['test/outbox/**'],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'apart', include: ['test/outbox/**/*.spec.ts'] },
      },
    ],
    // Most of the time goes into waiting for servers, browsers and child processes.
    maxWorkers: 3,
    // Slow machines only make tests slow, never red.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
