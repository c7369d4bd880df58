// What format version 1 of each outbox looks like, written out here on purpose:
// later versions have to read it, so nothing below comes from src.
import { ClassicLevel } from 'classic-level';
import { Redis } from 'ioredis';
import { Client } from 'pg';

/** An event that an older version left. */
export interface Left {
  readonly id: string;
  readonly n: string;
  /** In ms since the epoch. */
  readonly createdAt: number;
}

/** What it left: three that wait (the last was tried twice), and one dead letter. */
export interface LeftBehind {
  readonly waiting: readonly [Left, Left, Left];
  readonly dead: Left;
}

const payloadOf = ({ id, n }: Left) =>
  JSON.stringify({
    type: 'chaos',
    action: 'left',
    identifiers: { n },
    data: { idempotence_id: id, note: 'ä😀' },
  });

/** A directory of `fileOutbox`: an event was delivered from among them, too. */
export async function leaveInFile(
  path: string,
  { waiting, dead }: LeftBehind,
): Promise<void> {
  const gone = { ...waiting[0], id: 'gone', n: 'gone' };
  const [first, second, third] = waiting;
  const body = (events: readonly Left[]) => {
    const payloads = events.map(payloadOf);
    const meta = {
      ids: events.map(({ id }) => id),
      createdAt: events.map(({ createdAt }) => createdAt),
      lengths: payloads.map(({ length }) => length),
    };
    return `${JSON.stringify(meta)}\n${payloads.join('')}`;
  };
  const sizeOf = (events: readonly Left[]) =>
    events.reduce((size, event) => size + payloadOf(event).length, 0);
  const key = (kind: string, number: number) =>
    `${kind}!${String(number).padStart(16, '0')}`;
  const db = new ClassicLevel(path);
  await db.put('format', '1');
  const one = [gone, first];
  await db.put(key('body', 7), body(one));
  await db.put(
    key('chunk', 7),
    JSON.stringify({ left: 1, size: sizeOf(one), done: [0] }),
  );
  const two = [second, third];
  await db.put(key('body', 8), body(two));
  await db.put(
    key('chunk', 8),
    JSON.stringify({ left: 2, size: sizeOf(two), failedAttempts: [[1, 2]] }),
  );
  await db.put(
    key('dead', 3),
    JSON.stringify({
      id: dead.id,
      payload: payloadOf(dead),
      createdAt: dead.createdAt,
      failedAttempts: 1,
      deadLetteredAt: dead.createdAt + 1000,
      reason: 'rejected',
      status: 400,
      message: 'no such thing',
    }),
  );
  await db.close();
}

/** The keys of `redisOutbox`: one event was given back, one is held by a process that died long ago. */
export async function leaveInRedis(
  url: string,
  key: string,
  { waiting, dead }: LeftBehind,
): Promise<void> {
  const redis = new Redis(url);
  const at = (name: string) => `{${key}}:${name}`;
  await redis.hset(at('meta'), 'format', '1');
  const entries: string[] = [];
  for (const left of waiting) {
    const fields = ['id', left.id, 'payload', payloadOf(left)];
    const createdAt = ['createdAt', String(left.createdAt)];
    const entry = await redis.xadd(at('events'), '*', ...fields, ...createdAt);
    entries.push(entry ?? '');
    await redis.hset(at('ids'), left.id, 1);
  }
  await redis.xgroup('CREATE', at('events'), 'odp', '0');
  const [, , tried = ''] = entries;
  // Claimed all of them; then the first is as idle as one whose lease has ended.
  await redis.xreadgroup(
    ...(['GROUP', 'odp', 'dead-process', 'COUNT', 3] as const),
    ...(['STREAMS', at('events'), '>'] as const),
  );
  for (const [index, entry] of entries.entries()) {
    const owner = index === 0 ? 'dead-process' : 'nobody';
    const idle = ['IDLE', 31_536_000_000 + 1, 'JUSTID'];
    await redis.call('XCLAIM', at('events'), 'odp', owner, 0, entry, ...idle);
  }
  await redis.hset(at('failedAttempts'), tried, 2);
  const fields = {
    failedAttempts: '1',
    reason: 'rejected',
    status: '400',
    message: 'no such thing',
    id: dead.id,
    payload: payloadOf(dead),
    createdAt: String(dead.createdAt),
  };
  const list = Object.entries(fields).flat();
  const letter = await redis.xadd(at('dead-letters'), '*', ...list);
  await redis.hset(at('dead-letter-ids'), dead.id, letter ?? '');
  await redis.quit();
}

/** The tables of `postgresOutbox`: the first event is held by a process that died long ago. */
export async function leaveInPostgres(
  url: string,
  table: string,
  { waiting, dead }: LeftBehind,
): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await client.query(`
    CREATE TABLE ${table} (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL,
      payload text NOT NULL,
      created_at timestamptz(3) NOT NULL,
      failed_attempts integer NOT NULL DEFAULT 0,
      due_at timestamptz NOT NULL DEFAULT now(),
      claim uuid
    );
    CREATE INDEX ON ${table} USING hash (id);
    CREATE TABLE ${table}_dead_letters (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL,
      payload text NOT NULL,
      created_at timestamptz(3) NOT NULL,
      failed_attempts integer NOT NULL,
      reason text NOT NULL,
      status integer,
      message text NOT NULL,
      buried_at timestamptz(3) NOT NULL DEFAULT now()
    );
    CREATE INDEX ON ${table}_dead_letters USING hash (id);
    COMMENT ON TABLE ${table} IS 'nestjs-optimizely-odp outbox, version 1';`);
  for (const [index, left] of waiting.entries()) {
    await client.query(
      `INSERT INTO ${table} (id, payload, created_at, failed_attempts, due_at, claim)
       VALUES ($1, $2, $3, $4, now() - interval '1 hour', $5)`,
      [
        left.id,
        payloadOf(left),
        new Date(left.createdAt),
        index === 2 ? 2 : 0,
        index === 0 ? '6f2b4fd1-9d3b-4f6a-8f41-0d3f3a3f0b51' : null,
      ],
    );
  }
  await client.query(
    `INSERT INTO ${table}_dead_letters (id, payload, created_at, failed_attempts, reason, status, message)
     VALUES ($1, $2, $3, 1, 'rejected', 400, 'no such thing')`,
    [dead.id, payloadOf(dead), new Date(dead.createdAt)],
  );
  await client.end();
}
