import { OdpSandbox } from '../odp-sandbox.js';
import { HELP, readFlags } from './flags.js';
import { startLog } from './log.js';

/** Where the command prints to. */
export interface Output {
  out(line: string): void;
  err(line: string): void;
}

/** Runs the command: the running sandbox, or the exit code if it has ended. */
export async function main(
  argv: readonly string[],
  { out, err }: Output,
): Promise<OdpSandbox | number> {
  try {
    const { options, faults, log, isHelp } = readFlags(argv);
    if (isHelp) {
      out(HELP);
      return 0;
    }
    const sandbox = await OdpSandbox.start(options);
    for (const fault of faults) sandbox.fail(fault);
    const needsKey = options.apiKey !== undefined;
    startLog(sandbox, { format: log, needsKey }, out);
    return sandbox;
  } catch (error) {
    err(`odp-sandbox: ${(error as Error).message}`);
    err('See odp-sandbox --help.');
    return 1;
  }
}
