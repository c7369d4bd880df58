#!/usr/bin/env node
import { main } from './cli/main.js';

// The reader of a pipe may leave first, as `head` does.
process.stdout.on('error', () => process.exit());

const started = await main(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
if (typeof started === 'number') {
  process.exitCode = started;
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void started.close());
  }
}
