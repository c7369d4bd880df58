import { describe, expect, it } from 'vitest';
import { readFlags } from './flags.js';

describe('readFlags', () => {
  it('has defaults for everything', () => {
    expect(readFlags([])).toMatchObject({
      options: { port: 4100, maxEvents: 10_000 },
      faults: [],
      log: 'text',
      isHelp: false,
    });
  });

  it('reads every option', () => {
    const argv =
      '--port 0 --host ::1 --api-key k --on-invalid keep-valid --identifier a --identifier b --max-events 5 --keep data.jsonl --log json';
    expect(readFlags(argv.split(' '))).toMatchObject({
      options: {
        port: 0,
        host: '::1',
        apiKey: 'k',
        onInvalid: 'keep-valid',
        identifiers: ['a', 'b'],
        maxEvents: 5,
        keep: 'data.jsonl',
      },
      log: 'json',
    });
  });

  it.each([
    [
      'status=503,retry-after=2,times=3',
      { status: 503, retryAfter: 2, times: 3 },
    ],
    ['latency=200,share=0.5', { latency: 200, share: 0.5 }],
    ['hang', { hang: true }],
    ['status=200,html', { status: 200, html: true }],
    ['status=202,dribble', { status: 202, dribble: true }],
    ['status=200,body-bytes=99', { status: 200, bodyBytes: 99 }],
    [
      'status=302,location=http://a/?b=c',
      { status: 302, headers: { location: 'http://a/?b=c' } },
    ],
    [
      'hang,path=/v3/events,type=order',
      { hang: true, path: '/v3/events', match: { type: 'order' } },
    ],
    ['reset=after', { reset: 'after' }],
    ['invalid', { invalid: {} }],
    [
      'invalid,type=order,field=data.total,value=9.5,message=a=b',
      {
        invalid: { type: 'order', field: 'data.total', value: '9.5' },
        message: 'a=b',
      },
    ],
  ])('reads the fault %s', (flag, fault) => {
    expect(readFlags(['--fault', flag]).faults).toEqual([fault]);
  });

  it.each([
    [['--prot', '1'], '--prot'],
    [['--fault', 'status'], 'status'],
    [['--fault', 'status=many'], 'status'],
    [['--fault', 'hang=1'], 'hang'],
    [['--fault', 'type=order'], 'no kind'],
    [['--fault', 'status=200'], 'html'],
    [['--log', 'xml'], '--log'],
    [['--fault', ''], 'no kind'],
  ])('refuses %j', (argv, named) => {
    expect(() => readFlags(argv)).toThrow(named);
  });
});
