// The file outbox on a disk that is full, or read-only from the start.
import { match, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { OdpSandbox } from '../../src/sandbox/index.js';
import { SmallDisk } from '../support/small-disk.js';
import type { Refusal } from './support/config.js';
import { Ledger } from './support/ledger.js';
import { RunningApp } from './support/running-app.js';
import { type Figures, scenario } from './support/scenario.js';

export type DiskTrouble = 'full' | 'read-only';

const SAYS = {
  full: /(?:outboxFull The disk .* is nearly full|outboxFailed No space is left on the disk).*Free some (?:space )?or enlarge it/,
  'read-only':
    /outboxFailed .* cannot be written: it is read-only.*Make it writable/,
};

/** @returns `undefined` where mounting a disk is not permitted */
export async function disk(
  trouble: DiskTrouble,
  times: number,
): Promise<Figures | undefined> {
  const small = SmallDisk.mount(32);
  if (small === undefined) return undefined;
  return scenario(async (after) => {
    after(() => small.unmount());
    const sandbox = await OdpSandbox.start({ maxEvents: 1000 });
    after(() => sandbox.close());
    const ledger = new Ledger();
    ledger.watch(sandbox);
    const config = {
      apiHost: sandbox.url,
      outbox: { kind: 'file', path: join(small.path, 'outbox') },
      delivery: { flushInterval: 20 },
    } as const;
    const { accepted, refusals } = ledger;
    const run = async () => {
      const app = await RunningApp.start(config, ledger);
      after(() => app.end('SIGKILL'));
      // It boots even where the outbox cannot be opened.
      await app.ready;
      return app;
    };
    const more = async (what: () => number, count: number, why: string) => {
      const enough = what() + count;
      await ledger.until(() => what() >= enough, why);
    };
    const whileInTrouble: Refusal[] = [];
    let app = trouble === 'full' ? await run() : undefined;
    for (let time = 0; time < times; time++) {
      const earlier = refusals.length;
      if (trouble === 'read-only') small.makeReadOnly();
      app ??= await run();
      app.begin({ do: 'load', prefix: `app-${time}`, callers: 8, pause: 2 });
      if (trouble === 'full') {
        await more(() => accepted.size, 100, 'events are accepted');
        small.fill();
      }
      await more(() => refusals.length, 20, 'events are refused');
      ok(app.up, 'the app stays up');
      // One that fails while the disk becomes usable cannot know why it did.
      whileInTrouble.push(...refusals.slice(earlier));
      small.free();
      small.makeWritable();
      await more(() => accepted.size, 100, 'events are accepted again');
      await app.tell({ do: 'stop' });
      await ledger.allArrived();
      if (trouble === 'full') continue;
      await app.end('SIGTERM');
      app = undefined;
    }
    await app?.end('SIGTERM');
    ledger.check();
    for (const { code, message } of whileInTrouble) {
      match(`${code} ${message}`, SAYS[trouble]);
    }
    return {
      trouble,
      times,
      accepted: accepted.size,
      refused: refusals.length,
      lost: ledger.lost().length,
    };
  });
}
