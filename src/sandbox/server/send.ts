import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Answer } from '../wire/answer.js';

const DRIBBLE_INTERVAL_MS = 50;
const CHUNK = 'x'.repeat(64 * 1024);

/** Sends the answer, unless nobody is there any more. */
export function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const { status, body, abnormalBody } = answer;
  const headers = {
    'content-type': answer.contentType ?? 'application/json',
    ...answer.headers,
  };
  if (abnormalBody === 'dribble') {
    response.writeHead(status, headers);
    return dribble(response);
  }
  if (abnormalBody !== undefined) {
    const { bytes } = abnormalBody;
    response.writeHead(status, { ...headers, 'content-length': bytes });
    Readable.from(padding(bytes)).pipe(response);
    return;
  }
  const length = Buffer.byteLength(body);
  // A 304 has no body, and no length of one.
  response.writeHead(
    status,
    status === 304 ? headers : { ...headers, 'content-length': length },
  );
  response.end(body);
}

/** White space, so that it might still become JSON. */
function dribble(response: ServerResponse): void {
  response.write(' ');
  const timer = setInterval(() => response.write(' '), DRIBBLE_INTERVAL_MS);
  response.on('close', () => clearInterval(timer));
}

/** One JSON object of this many bytes. */
function* padding(bytes: number): Generator<string> {
  const [start, end] = ['{"padding":"', '"}'];
  yield start;
  let left = bytes - start.length - end.length;
  for (; left > CHUNK.length; left -= CHUNK.length) yield CHUNK;
  yield CHUNK.slice(0, left);
  yield end;
}
