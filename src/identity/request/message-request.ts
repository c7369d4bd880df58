import type { OdpRequest, OdpUser } from '../odp-request.js';
import { parseCookies } from './cookies.js';
import { call, firstObject, read } from './read.js';

export const messageUser = ([data, context]: readonly unknown[]): unknown =>
  read(context, 'user') ?? read(data, 'user');

/** A message of a microservice: its payload, and the context that its transport adds. */
export function messageRequest(
  type: string,
  args: readonly unknown[],
): OdpRequest {
  const [data, context] = args;
  const headers = readHeaders(context);
  return {
    type,
    method: undefined,
    path: undefined,
    headers,
    cookies: parseCookies(headers.cookie),
    user: messageUser(args) as OdpUser | undefined,
    params: {},
    query: {},
    body: data,
    raw: context,
  };
}

/** Where each transport keeps headers. */
function findHeaders(context: unknown): object | undefined {
  const message = call(context, 'getMessage');
  return firstObject(
    read(message, 'headers'), // Kafka
    read(message, 'properties', 'headers'), // RabbitMQ
    call(context, 'getHeaders'), // NATS
    read(call(context, 'getPacket'), 'properties', 'userProperties'), // MQTT
    call(context, 'getMetadata'), // TCP and Redis, since Nest 12
    call(context, 'getMap'), // gRPC
    read(context, 'properties', 'headers'), // a raw AMQP message
  );
}

function readHeaders(context: unknown): Record<string, string | string[]> {
  const found = findHeaders(context);
  if (found === undefined) return {};
  try {
    return Object.fromEntries(
      entriesOf(found).flatMap(([name, value]) => {
        const text = textOf(value);
        return text === undefined ? [] : [[name.toLowerCase(), text]];
      }),
    );
  } catch {
    return {};
  }
}

/** NATS' headers are iterable as `[name, values]`. */
function entriesOf(headers: object): [string, unknown][] {
  return Symbol.iterator in headers
    ? [...(headers as Iterable<[string, unknown]>)]
    : Object.entries(headers);
}

function textOf(value: unknown): string | string[] | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (!Array.isArray(value)) return undefined;
  const texts = value.flatMap((one) => textOf(one) ?? []);
  return texts.length === 1 ? texts[0] : texts;
}
