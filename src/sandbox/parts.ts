import { randomUUID } from 'node:crypto';
import { ActiveFaults } from './faults/active-faults.js';
import { DatafileServer } from './datafile/datafile-server.js';
import type { ResolvedOptions } from './options.js';
import { customerRoutes } from './rest/customers.js';
import { eventRoutes } from './rest/events.js';
import { faultRoutes } from './rest/faults.js';
import { type AccountView, integrationRoutes } from './rest/integration.js';
import { requestRoutes } from './rest/requests.js';
import { Rest } from './rest/rest.js';
import { segmentRoutes } from './rest/segments.js';
import { EventStream } from './server/event-stream.js';
import { listen } from './server/http-server.js';
import { PageHandler } from './server/page-handler.js';
import { route } from './server/router.js';
import { WireHandler } from './server/wire-handler.js';
import { Account } from './state/account.js';
import { Journal } from './state/journal.js';
import { Segments } from './state/segments.js';
import { SandboxState } from './state/state.js';
import { Waiting } from './state/waiting.js';
import { Odp } from './wire/odp.js';

/** A running sandbox, taken apart. */
export interface Parts {
  readonly url: string;
  readonly state: SandboxState;
  readonly faults: ActiveFaults;
  readonly waiting: Waiting;
  readonly account: Account;
  readonly segments: Segments;
  /** Makes the segments those of the options again. */
  resetSegments(): void;
  readonly datafileUrl: string;
  close(): Promise<void>;
}

/** Puts a sandbox together and listens. */
export async function startParts(options: ResolvedOptions): Promise<Parts> {
  const segments = new Segments();
  const state = new SandboxState(options, segments);
  segments.replace(options.segments);
  const account = new Account(options.apiKey, segments);
  const faults = new ActiveFaults(options.random);
  const waiting = new Waiting(state.events);
  const wire = new WireHandler(
    new Odp(options, account, segments, state, faults),
    options.maxBodyBytes,
  );
  const datafile = new WireHandler(
    new DatafileServer(options, account, segments, faults),
    options.maxBodyBytes,
  );
  const handlers: { close(): void }[] = [waiting, wire, datafile];
  let journal: Journal | undefined;
  const datafileUrlAt = (url: string) =>
    `${url}/datafiles/${options.sdkKey ?? 'sandbox'}.json`;
  const server = await listen(
    options.port,
    options.host,
    async ({ url, isLoopback }) => {
      // Once the port is ours: another sandbox on it may be writing the file.
      if (options.keep !== undefined) {
        journal = await Journal.open(options.keep, state, segments);
      }
      const accountView = (): AccountView => ({
        datafileUrl: datafileUrlAt(url),
        needsToken: options.datafileAccessToken !== undefined,
        revision: account.revision,
        integration: account.integrationAt(url),
        apiKey: account.apiKey ?? null,
      });
      const rest = new Rest(
        eventRoutes(state, waiting),
        requestRoutes(state),
        customerRoutes(state.customers),
        segmentRoutes(segments, state.customers),
        faultRoutes(faults),
        integrationRoutes(account, accountView),
      );
      const stream = new EventStream(state, [
        { name: 'faults', source: faults, view: () => faults.all() },
        { name: 'segments', source: segments, view: () => segments.all() },
        { name: 'integration', source: account, view: accountView },
      ]);
      // Another one means that the sandbox was restarted.
      const run = randomUUID();
      const page = new PageHandler(rest, stream, () => ({
        run,
        onInvalid: options.onInvalid,
        needsKey: account.apiKey !== undefined,
      }));
      handlers.push(page);
      return route(
        {
          wire: (request, response) => wire.handle(request, response),
          datafile: (request, response) => datafile.handle(request, response),
          page: (request, response) => page.handle(request, response),
        },
        isLoopback,
      );
    },
  );
  return {
    url: server.url,
    datafileUrl: datafileUrlAt(server.url),
    state,
    faults,
    waiting,
    account,
    segments,
    resetSegments: () => segments.replace(options.segments),
    close: async () => {
      for (const handler of handlers) handler.close();
      await server.close();
      await journal?.close();
    },
  };
}
