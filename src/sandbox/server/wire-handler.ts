import type { IncomingMessage, ServerResponse } from 'node:http';
import { envelope } from '../wire/answer.js';
import type { Outcome, Receiver } from '../wire/receiver.js';
import { readBody } from './body.js';
import { send } from './send.js';

/** Answers requests, or does not, as the faults want it. */
export class WireHandler {
  readonly #receiver: Receiver;
  readonly #maxBodyBytes: number;
  readonly #late = new Set<NodeJS.Timeout>();

  constructor(receiver: Receiver, maxBodyBytes: number) {
    this.#receiver = receiver;
    this.#maxBodyBytes = maxBodyBytes;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readBody(request, this.#maxBodyBytes);
    await this.#receiver.prepare?.(request.url!);
    const outcome = this.#receive(request, body);
    if (outcome.latency === 0) return finish(outcome, response);
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      finish(outcome, response);
    }, outcome.latency);
    this.#late.add(timer);
  }

  #receive({ method, url, headers }: IncomingMessage, body?: Buffer): Outcome {
    try {
      const path = url!;
      return this.#receiver.receive({ method: method!, path, headers, body });
    } catch (error) {
      // A fault's predicate or a listener threw, which its author should see.
      const answer = envelope(500, { message: String(error) });
      return { outcome: 'answered', answer, latency: 0 };
    }
  }

  close(): void {
    for (const timer of this.#late) clearTimeout(timer);
    this.#late.clear();
  }
}

function finish({ outcome, answer }: Outcome, response: ServerResponse): void {
  if (outcome === 'reset') response.socket?.resetAndDestroy();
  else if (answer !== undefined) send(response, answer);
}
