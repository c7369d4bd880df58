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
  /** How to combine accounts of one name; added up unless given. */
  readonly combine?: (one: number, other: number) => number;
}

const sum = (one: number, other: number) => one + other;
const most = (one: number, other: number) => Math.max(one, other);

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
    combine: most,
  },
  {
    name: 'delivery.suspended',
    kind: 'gauge',
    description:
      '1 while delivery is suspended, as the API key, the host or the way there is wrong, else 0',
    read: ({ suspended }) => (suspended ? 1 : 0),
    combine: most,
  },
  {
    name: 'delivery.paused',
    kind: 'gauge',
    description: '1 while the app has paused delivery, else 0',
    read: ({ paused }) => (paused ? 1 : 0),
    combine: most,
  },
  {
    name: 'events.withheld',
    kind: 'counter',
    description:
      'Events that were rightly not sent: withheld by beforeSend, or tracked for an unknown caller',
    unit: '{event}',
    read: ({ withheld }) => withheld,
  },
  {
    name: 'dead_letters.stored',
    kind: 'gauge',
    description: 'Dead letters that the outbox keeps',
    unit: '{event}',
    read: ({ deadLetters }) => deadLetters,
  },
  {
    name: 'dead_letters.removed',
    kind: 'counter',
    description:
      'Dead letters that the outbox removed, as the option deadLetters says',
    unit: '{event}',
    read: ({ deadLettersRemoved }) => deadLettersRemoved,
  },
  {
    name: 'outbox.failures',
    kind: 'counter',
    description: 'How often the outbox failed',
    unit: '{failure}',
    read: ({ outboxFailures }) => outboxFailures,
  },
];

/**
 * Observes how far delivery lags behind and what the outbox holds. An outbox on a
 * server reports what it held when last asked.
 */
export function observeStats(
  meter: Meter,
  accounts: () => Iterable<ObservedOdpAccount>,
): Stop {
  const observed = OBSERVED.map(
    ({ name, kind, description, unit, read, combine }) => {
      const options =
        unit === undefined ? { description } : { description, unit };
      const metric = `optimizely.odp.${name}`;
      const instrument =
        kind === 'gauge'
          ? meter.createObservableGauge(metric, options)
          : meter.createObservableCounter(metric, options);
      return { instrument, read, combine };
    },
  );
  const instruments = observed.map(({ instrument }) => instrument);
  const observe = (result: BatchObservableResult) => {
    // Accounts of two apps may have one name, but an attribute takes one value.
    const byName = new Map<string, OdpStats[]>();
    for (const account of accounts()) {
      const stats = byName.get(account.name) ?? [];
      byName.set(account.name, [...stats, account.stats()]);
    }
    for (const [name, stats] of byName) {
      for (const { instrument, read, combine } of observed) {
        const value = stats.map(read).reduce(combine ?? sum);
        result.observe(instrument, value, { [ACCOUNT]: name });
      }
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}
