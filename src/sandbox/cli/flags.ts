import { parseArgs } from 'node:util';
import type { OdpFault } from '../faults/fault.js';
import { readFault } from '../faults/read-fault.js';
import type { OdpSandboxOptions, OnInvalid } from '../options.js';
import { readFaultFlag } from './fault-flag.js';

export const HELP = `odp-sandbox: a local ODP, and a page that shows what arrives

  npx -p nestjs-optimizely-odp odp-sandbox

Options
  --port <n>          port to listen on; 0 takes any free one (4100)
  --host <address>    address to bind; beyond loopback, everybody who reaches
                      the port reads the page (127.0.0.1)
  --api-key <key>     answer 403 to any other x-api-key
  --sdk-key <key>     serve the datafile for this SDK key only (any)
  --datafile-access-token <token>
                      ask for this token before serving the datafile
  --on-invalid <how>  what a 400 does to a batch's valid events:
                      refuse-batch or keep-valid (refuse-batch)
  --identifier <name> a custom identifier that profiles carry; may be repeated
  --keep <file>       keep what arrived across restarts in this file
  --max-events <n>    how many events are kept; the oldest go first (10000)
  --fault <fault>     something that goes wrong from the start; may be repeated
  --log <how>         text, json (an object per line) or none (text)
  --help              print this

Faults
  status=503          answer this status, with retry-after=<seconds>,
                      location=<url>, or instead of ODP's JSON: html (a login
                      page), body-bytes=<n>, or dribble (a body without end)
  latency=2000        answer this many ms late
  hang                never answer
  reset=before        reset the connection before, or after, accepting
  invalid             answer 400 for events that match type=, action=, field=
                      and value= (the value at field), with message=<text>
  Each takes times=<n>, share=<0 to 1> and path=<start of the path>. All but
  invalid take type=, action=, field= and value= to strike only requests with
  such an event.

  --fault status=503,retry-after=2,times=3 --fault latency=200
  --fault status=200,html,type=order
  --fault invalid,type=order,field=data.coupon,share=0.5`;

/** What the command prints while it runs. */
export type LogFormat = 'text' | 'json' | 'none';

/** What the command line asks for. */
export interface Flags {
  readonly options: OdpSandboxOptions;
  readonly faults: readonly OdpFault[];
  readonly log: LogFormat;
  readonly isHelp: boolean;
}

/** @throws Error that says what is wrong with the flags */
export function readFlags(argv: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '4100' },
      host: { type: 'string' },
      'api-key': { type: 'string' },
      'sdk-key': { type: 'string' },
      'datafile-access-token': { type: 'string' },
      'on-invalid': { type: 'string' },
      identifier: { type: 'string', multiple: true },
      keep: { type: 'string' },
      'max-events': { type: 'string', default: '10000' },
      fault: { type: 'string', multiple: true, default: [] },
      log: { type: 'string', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    options: {
      port: toNumber(values.port),
      host: values.host,
      apiKey: values['api-key'],
      sdkKey: values['sdk-key'],
      datafileAccessToken: values['datafile-access-token'],
      onInvalid: values['on-invalid'] as OnInvalid | undefined,
      identifiers: values.identifier,
      keep: values.keep,
      maxEvents: toNumber(values['max-events']),
    },
    faults: values.fault.map((flag) => readFault(readFaultFlag(flag))),
    log: readLog(values.log),
    isHelp: values.help,
  };
}

function readLog(text: string): LogFormat {
  if (text === 'text' || text === 'json' || text === 'none') return text;
  throw new Error(`--log is text, json or none, not ${text}.`);
}

/** NaN for what is not a number, which the check of the options then names. */
function toNumber(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}
