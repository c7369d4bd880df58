import { Test } from '@nestjs/testing';
import {
  type OdpDeliveryEvent,
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import {
  OdpSandbox,
  type OdpSandboxOptions,
} from 'nestjs-optimizely-odp/sandbox';
import { ManualClock } from 'nestjs-optimizely-odp/testing';
import { onTestFinished } from 'vitest';
import { ODP_RUNTIME } from '../../src/module/index.js';

type Type = OdpDeliveryEvent['type'];
type Of<T extends Type> = Extract<OdpDeliveryEvent, { type: T }>;

/** An app with one account that sends to a sandbox, in time that the test moves. */
export interface OdpTestApp {
  readonly odp: OdpService;
  readonly sandbox: OdpSandbox;
  readonly clock: ManualClock;
  /** Every line that was logged. */
  readonly log: { level: string; message: string }[];
  /** What happened so far. */
  readonly deliveryEvents: OdpDeliveryEvent[];
  /** Resolves once so many items of this type have been seen. */
  until<T extends Type>(type: T, count?: number): Promise<Of<T>[]>;
  /** The `identifiers.n` of the events that arrived, in order. */
  arrived(): string[];
  close(): Promise<void>;
}

/** Starts one; ends it with the test. Delivery is set up so that chance plays no part. */
export async function startOdpApp(
  {
    sandbox: sandboxOptions,
    delivery,
    ...options
  }: Partial<OptimizelyOdpModuleOptions> & {
    sandbox?: OdpSandboxOptions;
  } = {},
  /** What happens while the app boots. */
  meanwhile: (clock: ManualClock) => void = () => {},
): Promise<OdpTestApp> {
  const sandbox = await OdpSandbox.start(sandboxOptions);
  onTestFinished(() => sandbox.close());
  const clock = new ManualClock();
  const log: OdpTestApp['log'] = [];
  const write = (level: string) => (message: string) => {
    // True of a test's process, and of no matter to any test but that of this line.
    if (message.startsWith('Nothing listens to SIGTERM')) return;
    log.push({ level, message });
  };
  const booting = setInterval(() => meanwhile(clock), 5);
  const module = await Test.createTestingModule({
    imports: [
      OptimizelyOdpModule.forRoot({
        apiKey: 'test-key',
        apiHost: sandbox.url,
        delivery: {
          ...delivery,
          retry: { jitter: false, ...delivery?.retry },
        },
        ...options,
      }),
    ],
  })
    .overrideProvider(ODP_RUNTIME)
    .useValue({
      clock,
      random: () => 0,
      logger: { log: write('log'), warn: write('warn'), error: write('error') },
    })
    .compile();
  await module.init();
  clearInterval(booting);
  const odp = module.get(OdpService);
  const deliveryEvents: OdpDeliveryEvent[] = [];
  const watchers = new Set<() => void>();
  odp.events$.subscribe((deliveryEvent) => {
    deliveryEvents.push(deliveryEvent);
    for (const look of watchers) look();
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= module.close());
  onTestFinished(async () => {
    sandbox.clearFaults();
    const closing = close();
    await clock.advance(60_000);
    await closing;
  });
  return {
    odp,
    sandbox,
    clock,
    log,
    deliveryEvents,
    close,
    arrived: () =>
      sandbox.events().map(({ event }) => event.identifiers.n ?? ''),
    until: (type, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const found = deliveryEvents.filter(
            (deliveryEvent): deliveryEvent is Of<typeof type> =>
              deliveryEvent.type === type,
          );
          if (found.length < count) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look();
      }),
  };
}

/** An event that tells itself from others. */
export const numbered = (n: number | string) => ({
  action: 'tested',
  identifiers: { n: String(n) },
});
