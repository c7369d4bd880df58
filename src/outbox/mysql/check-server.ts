import { OdpOutboxError } from '../../errors/index.js';
import type { MysqlDatabase } from './mysql-database.js';

const ASK =
  'SELECT VERSION() AS version, @@autocommit AS autocommit, @@max_allowed_packet AS max_packet';

interface Answer {
  readonly version: string;
  /** A pool may return large integers as text. */
  readonly autocommit: number | string;
  readonly max_packet: number | string;
}

/**
 * @returns how long a statement may be, in bytes
 * @throws OdpOutboxError when the server, or the pool's settings, would lose events
 */
export async function checkServer(database: MysqlDatabase): Promise<number> {
  const [answer] = (await database.rows<Answer>(ASK)) as [Answer];
  const problem = problemOf(answer);
  if (problem !== undefined) throw new OdpOutboxError(problem);
  return Number(answer.max_packet);
}

function problemOf({ version, autocommit }: Answer): string | undefined {
  if (!skipsLocked(version)) {
    return `mysqlOutbox() needs MySQL 8 or MariaDB 10.6 (SKIP LOCKED); this server is ${version}. Update it, or choose another outbox.`;
  }
  if (Number(autocommit) !== 1) {
    return 'The pool of mysqlOutbox() has autocommit off, so nothing would be stored. Give it a pool with autocommit on.';
  }
  return undefined;
}

function skipsLocked(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat);
  return /mariadb/i.test(version)
    ? major > 10 || (major === 10 && minor >= 6)
    : major >= 8;
}
