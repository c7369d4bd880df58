import type {
  OdpTransport,
  OdpTransportRequest,
  OdpTransportResponse,
} from '../../odp/index.js';
import { type Behaviour, OdpServer } from './odp-server.js';

/** How the contract suite gets at the transport that it tests. */
export interface TransportHarness {
  /** The transport to try; called once for each case. */
  create(): OdpTransport | Promise<OdpTransport>;
}

/** A case, before it knows which transport it tests. */
export interface StagedCase {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

/** The key of the suite's requests, which no error may hold. */
export const KEY = 'contract-secret-key';
/** What the suite sends; it holds what does not fit into one byte. */
export const BODY = Buffer.from('[{"type":"føø","action":"ba\u{1F642}r"}]');
/** How long a case waits for what must happen soon, in ms. */
const PATIENCE = 10_000;

/** A transport, and the servers that it meets in one case. */
export class Stage {
  readonly transport: OdpTransport;
  readonly #servers: OdpServer[] = [];

  private constructor(transport: OdpTransport) {
    this.transport = transport;
  }

  static async set(
    harness: TransportHarness,
    run: (stage: Stage) => Promise<void>,
  ): Promise<void> {
    const stage = new Stage(await harness.create());
    try {
      await run(stage);
    } finally {
      await Promise.all(stage.#servers.map((server) => server.close()));
    }
  }

  async server(behaviour: Behaviour): Promise<OdpServer> {
    const server = await OdpServer.start(behaviour);
    this.#servers.push(server);
    return server;
  }

  /** Sends the suite's request; fails if the transport does not come to an end. */
  async send(url: string, signal?: AbortSignal): Promise<OdpTransportResponse> {
    return soon(this.transport.send(requestTo(url, signal)));
  }

  /** What it throws; `undefined` when it throws nothing. */
  async failure(url: string, signal?: AbortSignal): Promise<unknown> {
    try {
      await this.send(url, signal);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

const requestTo = (
  url: string,
  signal = new AbortController().signal,
): OdpTransportRequest => ({
  account: 'default',
  method: 'POST',
  url,
  headers: {
    'content-type': 'application/json',
    'x-api-key': KEY,
    'user-agent': 'contract/1.0',
  },
  body: BODY,
  signal,
});

/** Rejects when a promise takes longer than anything on loopback may. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The transport did not end within ${PATIENCE} ms.`));
    }, PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
