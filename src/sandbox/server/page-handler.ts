import type { IncomingMessage, ServerResponse } from 'node:http';
import { notFound } from '../wire/answer.js';
import { send } from './send.js';

/** Serves the page and what it talks to, under `/_sandbox`. */
export class PageHandler {
  async handle(_: IncomingMessage, response: ServerResponse): Promise<void> {
    send(response, notFound('There is no page yet.'));
  }

  close(): void {}
}
