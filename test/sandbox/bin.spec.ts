import { type ChildProcess, spawn } from 'node:child_process';
import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from './support.js';

const source = fileURLToPath(new URL('../../src/sandbox', import.meta.url));

/** The sandbox compiled file by file: it stands alone, and this takes a moment. */
async function compileInto(folder: string): Promise<void> {
  await cp(source, folder, { recursive: true });
  const names = await readdir(folder, { recursive: true });
  await Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .map(async (name) => {
        const code = await readFile(join(folder, name), 'utf8');
        const { outputText } = ts.transpileModule(code, {
          compilerOptions: {
            module: ts.ModuleKind.ESNext,
            target: ts.ScriptTarget.ES2023,
          },
        });
        await writeFile(join(folder, name.replace(/ts$/, 'js')), outputText);
      }),
  );
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
}

describe('odp-sandbox', () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'odp-sandbox-'));
    await compileInto(folder);
  });
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
  afterAll(() => rm(folder, { recursive: true }));

  function run(...argv: string[]) {
    const child = spawn(process.execPath, [join(folder, 'bin.js'), ...argv]);
    children.push(child);
    const lines: string[] = [];
    let heard: (() => void) | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        heard?.();
      });
    }
    const ended = new Promise<number | null>((resolve) => {
      child.on('close', resolve);
    });
    const line = (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        heard = () => {
          const found = lines.find((one) => pattern.test(one));
          if (found !== undefined) resolve(found);
        };
        heard();
        void ended.then(() => reject(new Error(lines.join('\n'))));
      });
    return { child, lines, line, ended };
  }

  it('prints its address, the faults that are on, and each event', async () => {
    const { child, line, ended } = run(
      '--port=0',
      '--api-key=k',
      '--fault=status=503,times=1',
    );
    const [url] = /http:\/\/[\d.:]+/.exec(await line(/^ODP sandbox:/))!;
    expect(await line(/Fault on/)).toContain('503 Service Unavailable');
    const post = () =>
      fetch(`${url}/v3/events`, {
        method: 'POST',
        headers: { 'x-api-key': 'k' },
        body: JSON.stringify([anEvent('a'), anEvent('b')]),
      });
    expect((await post()).status).toBe(503);
    expect(await line(/request 1 /)).toContain(
      'POST /v3/events  503 Service Unavailable  fault: 503',
    );
    expect((await post()).status).toBe(202);
    expect(await line(/shop\/b/)).toContain(
      'email=ada@example.com  request 2 (2 of 2)',
    );
    // A page that listens must not keep it from ending.
    const stream = await fetch(`${url}/_sandbox/stream`);
    await stream.body!.getReader().read();
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('prints an object per line for programs, without keys', async () => {
    const { lines, line } = run('--port=0', '--log=json');
    const { url } = JSON.parse(await line(/started/)) as { url: string };
    await fetch(`${url}/v3/events`, {
      method: 'POST',
      headers: { 'x-api-key': 'secret-key' },
      body: JSON.stringify(anEvent('a')),
    });
    expect(JSON.parse(await line(/"type":"event"/))).toMatchObject({
      seq: 1,
      event: anEvent('a'),
    });
    expect(JSON.parse(await line(/"type":"request"/))).toMatchObject({
      id: 1,
      status: 202,
    });
    expect(lines.join()).not.toContain('secret-key');
  });

  it('says what to install for GraphQL if it stands alone', async () => {
    const { line } = run('--port=0');
    const [url] = /http:\/\/[\d.:]+/.exec(await line(/^ODP sandbox:/))!;
    const reply = await fetch(`${url}/v3/graphql`, {
      method: 'POST',
      body: '{"query":"{ __typename }"}',
    });
    expect(reply.status).toBe(501);
    expect(await reply.text()).toContain('npm install -D graphql');
  });

  it('serves its page', async () => {
    const { line } = run('--port=0');
    const [url] = /http:\/\/[\d.:]+/.exec(await line(/^ODP sandbox:/))!;
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>ODP sandbox');
  });

  it('prints help', async () => {
    const { lines, ended } = run('--help');
    expect(await ended).toBe(0);
    expect(lines.join('\n')).toContain('--fault status=503');
  });

  it.each([
    ['--fault=latency=x', 'latency'],
    ['--port=70000', 'port'],
    ['--keep=', 'keep'],
  ])('ends with 1 at %s, and says why', async (flag, named) => {
    const { lines, ended } = run(flag);
    expect(await ended).toBe(1);
    expect(lines[0]).toContain(named);
  });
});
