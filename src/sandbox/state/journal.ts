import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { OdpSandboxError } from '../errors.js';
import type { CustomerFact } from './facts.js';
import {
  type OdpReceivedEvent,
  type OdpReceivedRequest,
  withoutSecrets,
} from './received.js';
import type { OdpSandboxSegment, Segments } from './segments.js';
import type { SandboxState } from './state.js';

/** One line of the file. */
type Entry =
  | { readonly format: number }
  | { readonly request: OdpReceivedRequest }
  | { readonly events: readonly OdpReceivedEvent[] }
  | { readonly customer: CustomerFact }
  | { readonly segments: readonly OdpSandboxSegment[] }
  | { readonly replaced: 'clear' | 'restore' };

const FORMAT = 1;

/**
 * A file of what changed the state, a line per change, from which the next run
 * makes the same state again. Opening it rewrites it with what is still kept.
 */
export class Journal {
  readonly #stream: WriteStream;
  readonly #stops: readonly (() => void)[];

  private constructor(path: string, state: SandboxState, segments: Segments) {
    this.#stream = createWriteStream(path, { flags: 'a' });
    this.#stream.on('error', ({ message }) => {
      process.emitWarning(`The sandbox keeps nothing any more: ${message}`);
    });
    const write = (entry: Entry) => void this.#stream.write(lineOf(entry));
    this.#stops = [
      state.requests.listen((request) => write({ request })),
      state.events.listen((events) => write({ events })),
      state.customers.listen((customer) => write({ customer })),
      segments.listen(() => write({ segments: segments.all() })),
      state.onReplaced((replaced) => write({ replaced })),
    ];
  }

  /**
   * Brings the state to where the file ends, and records what changes it.
   *
   * @throws OdpSandboxError `invalidOption` if the file is something else
   */
  static async open(
    path: string,
    state: SandboxState,
    segments: Segments,
  ): Promise<Journal> {
    await load(path, state, segments);
    await rewrite(path, linesOf(state, segments));
    return new Journal(path, state, segments);
  }

  /** Resolves once everything is written. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
  }
}

function lineOf(entry: Entry): string {
  const shown =
    'request' in entry ? { request: withoutSecrets(entry.request) } : entry;
  return `${JSON.stringify(shown)}\n`;
}

async function load(
  path: string,
  state: SandboxState,
  segments: Segments,
): Promise<void> {
  let isFirst = true;
  let isTorn = false;
  try {
    for await (const line of createInterface(createReadStream(path))) {
      const entry = parse(line);
      // A run that was killed may have left half a line, but only at the end.
      if (isTorn || (isFirst && !isHeader(entry))) throw foreign(path);
      isFirst = false;
      isTorn = entry === undefined;
      if (entry !== undefined) apply(entry, line.length, state, segments);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  state.forgetCleared();
}

function parse(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

function isHeader(entry: Entry | undefined): boolean {
  return entry !== undefined && 'format' in entry && entry.format === FORMAT;
}

function foreign(path: string): OdpSandboxError {
  return new OdpSandboxError(
    'invalidOption',
    `keep: ${path} was not written by this version of the sandbox. Delete it, or give another path.`,
  );
}

function apply(
  entry: Entry,
  bytes: number,
  state: SandboxState,
  segments: Segments,
): void {
  if ('request' in entry) {
    state.requests.load(revive(entry.request), bytes);
  } else if ('events' in entry) {
    state.events.load(entry.events.map(revive), bytes);
  } else if ('customer' in entry) {
    state.customers.load(entry.customer, bytes);
  } else if ('segments' in entry) {
    segments.replace(entry.segments);
  } else if ('replaced' in entry) {
    if (entry.replaced === 'clear') state.clear();
    else state.restore();
  }
}

function revive<T extends { readonly receivedAt: Date }>(record: T): T {
  return { ...record, receivedAt: new Date(record.receivedAt) };
}

/** Replaces the file in one step, so that a crash leaves the old or the new one. */
async function rewrite(path: string, lines: Iterable<string>): Promise<void> {
  const draft = `${path}.new`;
  // Only for its owner: events are personal data.
  await writeFile(draft, lines, { mode: 0o600 });
  await rename(draft, path);
}

function* linesOf(state: SandboxState, segments: Segments): Generator<string> {
  yield lineOf({ format: FORMAT });
  yield lineOf({ segments: segments.all() });
  for (const request of state.requests.all()) yield lineOf({ request });
  for (const events of state.events.batches()) yield lineOf({ events });
  for (const customer of state.customers.facts()) yield lineOf({ customer });
}
