// A small Nest app that sends events as it is told, tells what was accepted,
// and may be killed. Started by running-app.ts.
import 'reflect-metadata';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  memoryOutbox,
  type OdpOutbox,
  OdpService,
  OptimizelyOdpModule,
} from '../../../src/index.js';
import type {
  AppConfig,
  Command,
  Measures,
  OutboxConfig,
  Refusal,
  Report,
} from './config.js';

const config = JSON.parse(process.argv[2] ?? '') as AppConfig;

/** Only what is used is loaded: such apps start by the hundred. */
async function outboxOf(outbox: OutboxConfig): Promise<OdpOutbox> {
  switch (outbox.kind) {
    case 'memory': {
      const { capacity } = outbox;
      return memoryOutbox(capacity === undefined ? {} : { capacity });
    }
    case 'file': {
      const { fileOutbox } = await import('../../../src/outbox/file/index.js');
      return fileOutbox({ path: outbox.path });
    }
    case 'redis': {
      const { Redis } = await import('ioredis');
      const { redisOutbox } =
        await import('../../../src/outbox/redis/index.js');
      const client = new Redis(outbox.url, { retryStrategy: () => 50 });
      client.on('error', () => {});
      return redisOutbox({ client, key: outbox.key });
    }
    case 'postgres': {
      const { Pool } = await import('pg');
      const { postgresOutbox } =
        await import('../../../src/outbox/postgres/index.js');
      const pool = new Pool({ connectionString: outbox.url, max: 4 });
      return postgresOutbox({ pool, table: outbox.table });
    }
    case 'mysql': {
      const { createPool } = await import('mysql2/promise');
      const { mysqlOutbox } =
        await import('../../../src/outbox/mysql/index.js');
      const pool = createPool({ uri: outbox.url, connectionLimit: 4 });
      return mysqlOutbox({ pool, table: outbox.table });
    }
    default:
      throw new TypeError('There is no such outbox.');
  }
}

async function accountOf({ apiHost, datafile }: AppConfig) {
  if (datafile === undefined) return { apiKey: 'test-key', apiHost };
  const { datafileIntegration } =
    await import('../../../src/datafile/index.js');
  return {
    integration: datafileIntegration({
      sdkKey: 'sandbox',
      url: datafile,
      pollInterval: 50,
    }),
  };
}

@Module({
  imports: [
    OptimizelyOdpModule.forRootAsync({
      useFactory: async () => ({
        ...(await accountOf(config)),
        outbox: await outboxOf(config.outbox),
        delivery: config.delivery,
      }),
    }),
  ],
})
class AppModule {}

const tell = (news: Report) => void process.send?.(news);

let accepted: [string, string][] = [];
let refused: Refusal[] = [];

/** What resolved in one turn of the event loop is told in one message. */
function note(event?: [string, string], refusal?: Refusal): void {
  if (accepted.length + refused.length === 0) setImmediate(report);
  if (event !== undefined) accepted.push(event);
  if (refusal !== undefined) refused.push(refusal);
}

function report(): void {
  if (accepted.length > 0) tell({ type: 'accepted', events: accepted });
  if (refused.length > 0) tell({ type: 'refused', refusals: refused });
  accepted = [];
  refused = [];
}

function refusalOf(error: unknown): Refusal {
  const { name, message, code } = error as Error & { code?: string };
  return { name, message, code: code ?? 'none' };
}

const eventOf = (n: string) => ({
  type: 'chaos',
  action: 'tested',
  identifiers: { n },
  data: { note: 'x'.repeat(100) },
});

const lag = monitorEventLoopDelay({ resolution: 5 });
lag.enable();

function measure(odp: OdpService): Measures {
  const { pending, retries } = odp.stats();
  const measures = {
    pending,
    retries,
    rss: Math.round(process.resourceUsage().maxRSS / 1024),
    heap: Math.round(process.memoryUsage().heapUsed / 2 ** 20),
    lag: {
      p99: Math.round(lag.percentile(99) / 1e6),
      most: Math.round(lag.max / 1e6),
    },
  };
  lag.reset();
  return measures;
}

let end = new AbortController();

async function load(
  odp: OdpService,
  { prefix, callers, count = Infinity, pause: ms }: Command & { do: 'load' },
): Promise<number> {
  end = new AbortController();
  let made = 0;
  let done = 0;
  const caller = async () => {
    while (!end.signal.aborted && done < count) {
      const n = `${prefix}-${made++}`;
      try {
        const { id } = await odp.sendOdpEvent(eventOf(n));
        done++;
        note([n, id]);
      } catch (error) {
        note(undefined, refusalOf(error));
        await pause(5);
      }
      if (ms !== undefined) await pause(ms);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  report();
  return done;
}

async function obey(odp: OdpService, command: Command): Promise<unknown> {
  switch (command.do) {
    case 'load':
      return load(odp, command);
    case 'stop':
      return end.abort();
    case 'send': {
      const names = Array.from(
        { length: command.count },
        (_, index) => `${command.prefix}-${index}`,
      );
      const sent = await odp.sendOdpEvents(names.map(eventOf));
      for (const [index, { id }] of sent.entries()) {
        note([names[index] as string, id]);
      }
      return report();
    }
    case 'flush':
      return odp.flush({ timeout: command.timeout });
    default:
      return measure(odp);
  }
}

async function main(): Promise<void> {
  // Nobody is left who would end it.
  process.once('disconnect', () => process.exit());
  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: false,
  });
  app.enableShutdownHooks();
  const odp = app.get(OdpService);
  process.on('message', (message) => {
    const { call, command } = message as { call: number; command: Command };
    obey(odp, command).then(
      (value) => tell({ type: 'answer', call, value }),
      (error: unknown) =>
        tell({ type: 'answer', call, error: refusalOf(error) }),
    );
  });
  tell({ type: 'ready' });
}

void main();
