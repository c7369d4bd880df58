import { OdpSandbox } from '../odp-sandbox.js';
import { eventLine } from './event-line.js';
import { type Flags, HELP, readFlags } from './flags.js';

/** Where the command's lines go. */
export interface Output {
  out(line: string): void;
  err(line: string): void;
}

/** Runs the command: the sandbox while it runs, or the exit code where it ended. */
export async function main(
  argv: readonly string[],
  { out, err }: Output,
): Promise<OdpSandbox | number> {
  try {
    const flags = readFlags(argv);
    if (flags.isHelp) {
      out(HELP);
      return 0;
    }
    return await run(flags, out);
  } catch (error) {
    err(`odp-sandbox: ${(error as Error).message}`);
    err('See odp-sandbox --help.');
    return 1;
  }
}

async function run(
  { options, faults, isQuiet }: Flags,
  out: Output['out'],
): Promise<OdpSandbox> {
  const sandbox = await OdpSandbox.start(options);
  for (const fault of faults) sandbox.fail(fault);
  if (!isQuiet) {
    sandbox.onEvents((events) => {
      for (const received of events) out(eventLine(received));
    });
  }
  out(`ODP sandbox: ${sandbox.url}  (open it in a browser; Ctrl+C ends it)`);
  out(`Point your app at it: apiHost: '${sandbox.url}'`);
  for (const { description } of sandbox.faults()) {
    out(`Fault on: ${description}`);
  }
  return sandbox;
}
