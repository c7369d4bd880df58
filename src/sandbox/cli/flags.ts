import { parseArgs } from 'node:util';
import type { OdpFault } from '../faults/fault.js';
import { readFault } from '../faults/read-fault.js';
import type { OdpSandboxOptions, OnInvalid } from '../options.js';
import { readFaultFlag } from './fault-flag.js';

export const HELP = `odp-sandbox: a local ODP, and a page that shows what arrives

  npx odp-sandbox --port 4100

Options
  --port <n>          port to listen on; 0 takes any free one (4100)
  --host <address>    address to bind; beyond loopback, whoever reaches the
                      port reads the page (127.0.0.1)
  --api-key <key>     answer 403 to any other x-api-key
  --on-invalid <how>  what a 400 does to a batch's valid events:
                      refuse-batch or keep-valid (refuse-batch)
  --identifier <name> a custom identifier that profiles carry; may be repeated
  --keep <n>          how many events are kept (10000)
  --fault <fault>     something that goes wrong from the start; may be repeated
  --quiet             print no line per event
  --help              print this

Faults
  status=503          answer this status; with retry-after=<seconds>
  latency=2000        answer this many ms late
  hang                never answer
  reset=before        reset the connection before, or after, accepting
  invalid             answer 400 for events that match type=, action=, field=
                      and value= (what stands at field); with message=
  Each may say times=<n>, share=<0 to 1>, or both.

  npx odp-sandbox --fault status=503,retry-after=2,times=3 --fault latency=200
  npx odp-sandbox --fault invalid,type=order,field=data.coupon,share=0.5`;

/** What the command line asks for. */
export interface Flags {
  readonly options: OdpSandboxOptions;
  readonly faults: readonly OdpFault[];
  readonly isQuiet: boolean;
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
      'on-invalid': { type: 'string' },
      identifier: { type: 'string', multiple: true },
      keep: { type: 'string', default: '10000' },
      fault: { type: 'string', multiple: true, default: [] },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    options: {
      port: toNumber(values.port),
      host: values.host,
      apiKey: values['api-key'],
      onInvalid: values['on-invalid'] as OnInvalid | undefined,
      identifiers: values.identifier,
      keep: toNumber(values.keep),
    },
    faults: values.fault.map((flag) => readFault(readFaultFlag(flag))),
    isQuiet: values.quiet,
    isHelp: values.help,
  };
}

/** NaN for what is no number, which the options' own check then names. */
function toNumber(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}
