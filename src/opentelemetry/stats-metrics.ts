import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { OdpStats } from '../reporting/index.js';
import { ACCOUNT } from './attributes.js';
import type { Stop } from './channels.js';

/** An account whose stats are observed. */
export interface ObservedOdpAccount {
  /** `default` unless the module was given a name. */
  readonly name: string;
  /** As `OdpService.stats()` returns it. */
  stats(): OdpStats;
}

/** A metric that is read from an account's stats at each collection. */
interface Observed {
  readonly name: string;
  /** `counter`: it only grows. */
  readonly kind: 'gauge' | 'counter';
  readonly description: string;
  readonly unit?: string;
  read(stats: OdpStats): number;
}

const OBSERVED: readonly Observed[] = [
  {
    name: 'events.pending',
    kind: 'gauge',
    description: 'Events accepted and neither delivered nor given up',
    unit: '{event}',
    read: ({ pending }) => pending,
  },
  {
    name: 'events.oldest_pending.age',
    kind: 'gauge',
    description: 'How long the oldest pending event has waited',
    unit: 's',
    read: ({ oldestPendingAge }) => oldestPendingAge / 1000,
  },
  {
    name: 'delivery.suspended',
    kind: 'gauge',
    description:
      '1 while the API key or the host is wrong and delivery waits, else 0',
    read: ({ suspended }) => (suspended ? 1 : 0),
  },
  {
    name: 'delivery.paused',
    kind: 'gauge',
    description: '1 while the app has paused delivery, else 0',
    read: ({ paused }) => (paused ? 1 : 0),
  },
  {
    name: 'events.withheld',
    kind: 'counter',
    description:
      'Events that were not sent, and rightly so: withheld by beforeSend, or of a caller nobody knows',
    unit: '{event}',
    read: ({ withheld }) => withheld,
  },
  {
    name: 'dead_letters.stored',
    kind: 'gauge',
    description: 'Events given up that the outbox keeps',
    unit: '{event}',
    read: ({ deadLetters }) => deadLetters,
  },
  {
    name: 'dead_letters.removed',
    kind: 'counter',
    description:
      'Events given up that the outbox forgot, as the option deadLetters bounds them',
    unit: '{event}',
    read: ({ deadLettersRemoved }) => deadLettersRemoved,
  },
  {
    name: 'outbox.failures',
    kind: 'counter',
    description: 'Times that the outbox failed to do what it was asked for',
    unit: '{failure}',
    read: ({ outboxFailures }) => outboxFailures,
  },
];

/**
 * Observes how far delivery lags behind and what the outbox holds. One that has
 * to ask a server tells what it held when it was asked last.
 */
export function observeStats(
  meter: Meter,
  accounts: () => Iterable<ObservedOdpAccount>,
): Stop {
  const observed = OBSERVED.map(({ name, kind, description, unit, read }) => {
    const options =
      unit === undefined ? { description } : { description, unit };
    const metric = `optimizely.odp.${name}`;
    const instrument =
      kind === 'gauge'
        ? meter.createObservableGauge(metric, options)
        : meter.createObservableCounter(metric, options);
    return { instrument, read };
  });
  const instruments = observed.map(({ instrument }) => instrument);
  const observe = (result: BatchObservableResult) => {
    for (const account of accounts()) {
      const stats = account.stats();
      const attributes = { [ACCOUNT]: account.name };
      for (const { instrument, read } of observed) {
        result.observe(instrument, read(stats), attributes);
      }
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}
