import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Doing, Odp } from '../wire/odp.js';
import { envelope } from '../wire/answer.js';
import { readBody } from './body.js';
import { send } from './send.js';

/** Answers what is under `/v3`, or does not, as the faults want it. */
export class WireHandler {
  readonly #odp: Odp;
  readonly #maxBodyBytes: number;
  readonly #late = new Set<NodeJS.Timeout>();

  constructor(odp: Odp, maxBodyBytes: number) {
    this.#odp = odp;
    this.#maxBodyBytes = maxBodyBytes;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readBody(request, this.#maxBodyBytes);
    const doing = this.#receive(request, body);
    if (doing.latency === 0) return finish(doing, response);
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      finish(doing, response);
    }, doing.latency);
    this.#late.add(timer);
  }

  #receive({ method, url, headers }: IncomingMessage, body?: Buffer): Doing {
    try {
      return this.#odp.receive({ method: method!, path: url!, headers, body });
    } catch (error) {
      // A fault's predicate or a listener threw: whoever wrote it should see.
      const answer = envelope(500, { message: String(error) });
      return { outcome: 'answered', answer, latency: 0 };
    }
  }

  close(): void {
    for (const timer of this.#late) clearTimeout(timer);
    this.#late.clear();
  }
}

function finish({ outcome, answer }: Doing, response: ServerResponse): void {
  if (outcome === 'reset') response.socket?.resetAndDestroy();
  else if (answer !== undefined) send(response, answer);
}
