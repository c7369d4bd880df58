import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { built } from '../../support/built.js';
import type { AppConfig, Command, Measures, Report } from './config.js';
import type { Ledger } from './ledger.js';

let program: Promise<string> | undefined;
/** Such apps start by the hundred: built once. */
const builtApp = () =>
  (program ??= built(fileURLToPath(new URL('app.ts', import.meta.url))));

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A real app in a process of its own. What it tells goes into the ledger. */
export class RunningApp {
  /** Resolves once it has booted. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;
  #booted = () => {};

  private constructor(child: ChildProcess, ledger: Ledger) {
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const error = new Error(`The app ended (${code ?? signal}).`);
        for (const { reject } of this.#calls.values()) reject(error);
        this.#calls.clear();
        resolve({ code, signal });
      });
    });
    this.ready = Promise.race([
      new Promise<void>((resolve) => {
        this.#booted = resolve;
      }),
      this.exited.then(({ code, signal }) => {
        throw new Error(`The app ended while it booted (${code ?? signal}).`);
      }),
    ]);
    this.ready.catch(() => {});
    child.on('message', (message) => this.#hear(message as Report, ledger));
  }

  /** Starts it; `ready` tells when it has booted. */
  static async start(
    config: AppConfig,
    ledger: Ledger,
    {
      env = {},
      flags = [],
    }: { env?: NodeJS.ProcessEnv; flags?: string[] } = {},
  ): Promise<RunningApp> {
    const child = spawn(
      process.execPath,
      [...flags, await builtApp(), JSON.stringify(config)],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, ...env },
      },
    );
    return new RunningApp(child, ledger);
  }

  get up(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Has it do something; resolves when that is done. */
  tell(command: Command): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall;
      this.#calls.set(call, { resolve, reject });
      this.#child.send({ call, command }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  /** The same, where the app may be killed before it is done. */
  begin(command: Command): void {
    this.tell(command).catch(() => {});
  }

  measure(): Promise<Measures> {
    return this.tell({ do: 'measure' }) as Promise<Measures>;
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }

  #hear(report: Report, ledger: Ledger): void {
    switch (report.type) {
      case 'ready':
        return this.#booted();
      case 'accepted':
        return ledger.accept(report.events);
      case 'refused':
        return ledger.refuse(report.refusals);
      case 'answer': {
        const call = this.#calls.get(report.call);
        this.#calls.delete(report.call);
        const { error } = report;
        if (error === undefined) call?.resolve(report.value);
        else call?.reject(new Error(`${error.name}: ${error.message}`));
      }
    }
  }
}
