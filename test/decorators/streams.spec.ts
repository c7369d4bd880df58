import { get } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import {
  Controller,
  Get,
  type MessageEvent,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { SendOdpEvent } from 'nestjs-optimizely-odp';
import { concat, NEVER, type Observable, of, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  actions,
  arrived,
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from './support.js';

const identifiers = { email: 'ada@example.com' };
const message = (data: string): MessageEvent => ({ data });
/** One action for each way to end. */
const Ends =
  () => (target: object, key: string, descriptor: PropertyDescriptor) => {
    for (const on of ['success', 'error', 'always'] as const) {
      SendOdpEvent({
        action: ({ result }) =>
          `${on} ${JSON.stringify((result as MessageEvent)?.data)}`,
        identifiers,
        on,
      })(target, key, descriptor as TypedPropertyDescriptor<() => unknown>);
    }
  };

/** Held open by the test. */
let upload: PassThrough;

@Controller()
class StreamController {
  @Sse('sse')
  @Ends()
  finite(): Observable<MessageEvent> {
    return of(message('one'), message('two'));
  }

  @Sse('sse-endless')
  @Ends()
  endless(): Observable<MessageEvent> {
    return concat(of(message('one')), NEVER);
  }

  @Sse('sse-broken')
  @Ends()
  broken(): Observable<MessageEvent> {
    return concat(
      of(message('one')),
      throwError(() => new Error('broke off')),
    );
  }

  @Get('file')
  @Ends()
  file(): StreamableFile {
    return new StreamableFile(Readable.from(['a', 'b', 'c']));
  }

  @Get('file-open')
  @Ends()
  fileOpen(): StreamableFile {
    upload = new PassThrough();
    upload.write('begin');
    return new StreamableFile(upload);
  }
}

@Controller()
class RawStreamController {
  @Get('raw')
  @Ends()
  raw(): Readable {
    return Readable.from(['a', 'b', 'c']);
  }

  @Get('observable')
  @Ends()
  observable(): Observable<MessageEvent> {
    return of(message('first'), message('last'));
  }
}

const sandbox = useSandbox();
const start = useApps();

/** Reads the first bytes, then leaves. */
const leave = (url: string) =>
  new Promise<void>((resolve, reject) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.on('error', () => {});
      answer.once('data', () => {
        request.destroy();
        resolve();
      });
    }).on('error', reject);
  });

describe.each(platforms)('streams on %s', (platform) => {
  const startApp = () =>
    start({
      platform,
      imports: [odpModule(sandbox.now)],
      controllers:
        platform === 'fastify'
          ? [StreamController, RawStreamController]
          : [StreamController],
    });
  test('an event stream counts at its end, with its last message', async () => {
    const app = await startApp();
    const answer = await fetch(`${app.url}/sse`);
    expect(await answer.text()).toContain('data: two');
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'always "two"',
      'success "two"',
    ]);
  });

  test('an event stream that its client leaves is neither success nor error', async () => {
    const app = await startApp();
    await leave(`${app.url}/sse-endless`);
    await sandbox.now.waitFor(1);
    expect(actions(await arrived(sandbox.now, app))).toEqual(['always "one"']);
  });

  test('an event stream that breaks is an error', async () => {
    const app = await startApp();
    await (await fetch(`${app.url}/sse-broken`)).text();
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'always undefined',
      'error undefined',
    ]);
  });

  test('a file counts when it was sent', async () => {
    const app = await startApp();
    expect(await (await fetch(`${app.url}/file`)).text()).toBe('abc');
    await sandbox.now.waitFor(2);
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'always undefined',
      'success undefined',
    ]);
  });

  test('a file whose client leaves is neither success nor error', async () => {
    const app = await startApp();
    await leave(`${app.url}/file-open`);
    await sandbox.now.waitFor(1);
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'always undefined',
    ]);
  });

  test('a file that cannot be read is an error', async () => {
    const app = await startApp();
    const answer = await fetch(`${app.url}/file-open`);
    upload.destroy(new Error('disk gone'));
    await expect(answer.text()).rejects.toThrow();
    await sandbox.now.waitFor(2);
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'always undefined',
      'error undefined',
    ]);
  });

  test.runIf(platform === 'fastify')(
    'a stream that Fastify sends counts',
    async () => {
      const app = await startApp();
      expect(await (await fetch(`${app.url}/raw`)).text()).toBe('abc');
      await sandbox.now.waitFor(2);
      expect(actions(await arrived(sandbox.now, app))).toEqual([
        'always undefined',
        'success undefined',
      ]);
    },
  );

  test.runIf(platform === 'fastify')(
    'an Observable counts with its last value',
    async () => {
      const app = await startApp();
      expect(await (await fetch(`${app.url}/observable`)).json()).toEqual({
        data: 'last',
      });
      expect(actions(await arrived(sandbox.now, app))).toEqual([
        'always "last"',
        'success "last"',
      ]);
    },
  );
});
