import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';

/** A server that tests talk to, and how to be done with it. */
export interface Service {
  readonly url: string;
  /** Stops it where the tests started it; a shared one goes on. */
  stop(): Promise<void>;
}

/** A server that the test itself started, which it may kill and start again. */
export interface OwnService extends Service {
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Redis for tests: `REDIS_URL`, else the local default port, else a server of
 * their own. `undefined`: there is none, so skip (but never under `CI=true`).
 */
export const redisService = () =>
  find('Redis', 'REDIS_URL', 'redis://127.0.0.1:6379', startRedis);

/** Postgres for tests, found as Redis is: `POSTGRES_URL`, the default port, an own one. */
export const postgresService = () =>
  find(
    'Postgres',
    'POSTGRES_URL',
    'postgres://root@127.0.0.1:5432/test',
    startPostgres,
  );

/** MySQL or MariaDB for tests, found as Redis is: `MYSQL_URL`, the default port, an own one. */
export const mysqlService = () =>
  find('MySQL', 'MYSQL_URL', 'mysql://root@127.0.0.1:3306/test', startMysql);

async function find(
  name: string,
  variable: string,
  usual: string,
  start: () => Promise<OwnService | undefined>,
): Promise<Service | undefined> {
  const given = process.env[variable];
  // One that was asked for and is not there is a failure, and the tests say so.
  if (given !== undefined && given !== '') return shared(given);
  if (await answers(Number(new URL(usual).port))) return shared(usual);
  const own = await start();
  if (own === undefined && process.env['CI'] === 'true') {
    throw new Error(
      `Under CI=true the ${name} tests must run: set ${variable}, start ${name} on its default port, or install it.`,
    );
  }
  return own;
}

const shared = (url: string): Service => ({ url, stop: async () => {} });

/** A Redis server of the test's own, or `undefined` where none is installed. */
export async function startRedis(
  ...settings: string[]
): Promise<OwnService | undefined> {
  const binary = which('redis-server');
  if (binary === undefined) return undefined;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'odp-redis-'));
  return launch(port, folder, `redis://127.0.0.1:${port}`, () =>
    spawn(
      binary,
      [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        ...settings,
      ],
      { stdio: 'ignore' },
    ),
  );
}

/** A Redis Cluster of three masters of the test's own, or `undefined` where no Redis is installed. */
export async function startRedisCluster(): Promise<
  { readonly ports: readonly number[]; stop(): Promise<void> } | undefined
> {
  const cli = which('redis-cli');
  if (cli === undefined) return undefined;
  const nodes: OwnService[] = [];
  for (let left = 3; left > 0; left--) {
    const bus = await freePort();
    const node = await startRedis(
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      `${bus}`,
    );
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  const ports = nodes.map(({ port }) => port);
  execFileSync(
    cli,
    [
      '--cluster',
      'create',
      '--cluster-yes',
      ...ports.map((port) => `127.0.0.1:${port}`),
    ],
    { stdio: 'ignore' },
  );
  const stop = async () => {
    for (const node of nodes) await node.stop();
  };
  return { ports, stop };
}

/** A Postgres server of the test's own, or `undefined` where none is installed. */
export async function startPostgres(): Promise<OwnService | undefined> {
  const initdb = which('initdb');
  const binary = initdb === undefined ? undefined : which('postgres');
  if (initdb === undefined || binary === undefined) return undefined;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'odp-postgres-'));
  // Postgres refuses to run as root.
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(
    initdb,
    ['-D', data, '-U', 'root', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  const url = `postgres://root@127.0.0.1:${port}/postgres`;
  const run = () =>
    spawn(binary, ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', ''], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    });
  return launch(port, folder, url, run, () => letsIn(url));
}

/** A MariaDB server of the test's own, or `undefined` where none is installed. */
export async function startMysql(
  ...settings: string[]
): Promise<OwnService | undefined> {
  const install = which('mariadb-install-db');
  const binary = which('mariadbd');
  if (install === undefined || binary === undefined) return undefined;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'odp-mysql-'));
  const user = process.getuid?.() === 0 ? idsOf('mysql') : undefined;
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(
    install,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  const run = () =>
    spawn(
      binary,
      [
        '--no-defaults',
        `--datadir=${data}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(folder, 'socket')}`,
        `--pid-file=${join(folder, 'pid')}`,
        ...settings,
      ],
      { ...user, cwd: folder, stdio: 'ignore' },
    );
  const url = `mysql://root@127.0.0.1:${port}/mysql`;
  return launch(port, folder, url, run);
}

async function launch(
  port: number,
  folder: string,
  url: string,
  run: () => ChildProcess,
  isReady: () => Promise<boolean> = () => answers(port),
): Promise<OwnService> {
  let child: ChildProcess | undefined;
  const end = () => void child?.kill('SIGKILL');
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  };
  const start = async () => {
    child = run();
    while (!(await isReady())) {
      if (child.exitCode !== null) {
        throw new Error(`${child.spawnfile} ended with ${child.exitCode}.`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const stop = async () => {
    process.off('exit', end);
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  await start();
  return { url, port, start, kill, stop };
}

/** Postgres listens before it lets anyone in. */
async function letsIn(url: string): Promise<boolean> {
  const client = new Client(url);
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

/** Whether something listens there. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const tell = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => tell(false));
    socket.once('error', () => tell(false));
    socket.connect(port, '127.0.0.1', () => tell(true));
  });
}

/** A port that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address ? address.port : 0),
      );
    });
  });
}

/** Where a program is, Debian's folders of Postgres versions included. */
function which(program: string): string | undefined {
  const versions = '/usr/lib/postgresql';
  const folders = [
    ...(existsSync(versions)
      ? readdirSync(versions).map((version) => join(versions, version, 'bin'))
      : []),
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
  ];
  return folders
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
