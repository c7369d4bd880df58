import { OdpOutboxError } from '../../errors/index.js';
import type { MysqlDatabase } from './mysql-database.js';

const ASK =
  'SELECT VERSION() AS version, @@autocommit AS autocommit, @@sql_mode AS mode, @@character_set_client AS sent, @@character_set_results AS received';

interface Answer {
  readonly version: string;
  /** A pool may return large integers as text. */
  readonly autocommit: number | string;
  readonly mode: string;
  readonly sent: string;
  readonly received: string;
}

/** @throws OdpOutboxError when the server, or the pool's settings, would lose or corrupt events */
export async function checkServer(database: MysqlDatabase): Promise<void> {
  const [answer] = await database.session((session) =>
    session.rows<Answer>(ASK),
  );
  const problem = answer === undefined ? undefined : problemOf(answer);
  if (problem !== undefined) throw new OdpOutboxError(problem);
}

function problemOf(answer: Answer): string | undefined {
  const { version, autocommit, mode, sent, received } = answer;
  if (!skipsLocked(version)) {
    return `mysqlOutbox() needs MySQL 8 or MariaDB 10.6 (SKIP LOCKED); this server is ${version}. Update it, or choose another outbox.`;
  }
  if (Number(autocommit) !== 1) {
    return 'The pool of mysqlOutbox() has autocommit off, so nothing would be stored. Give it a pool with autocommit on.';
  }
  if (mode.includes('NO_BACKSLASH_ESCAPES')) {
    return 'The pool of mysqlOutbox() has NO_BACKSLASH_ESCAPES in its sql_mode, and mysql2 escapes with backslashes. Give it a pool without.';
  }
  if (sent !== 'utf8mb4' || received !== 'utf8mb4') {
    return `The pool of mysqlOutbox() speaks ${sent === 'utf8mb4' ? received : sent}, which cannot represent every character. Give it a pool with charset: 'utf8mb4'.`;
  }
  return undefined;
}

function skipsLocked(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat);
  return /mariadb/i.test(version)
    ? major > 10 || (major === 10 && minor >= 6)
    : major >= 8;
}
