import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { OdpStats } from '../reporting/index.js';
import { ACCOUNT } from './attributes.js';
import type { Stop } from './channels.js';

/** An account whose lag is observed. */
export interface ObservedOdpAccount {
  /** `default` unless the module was given a name. */
  readonly name: string;
  /** As `OdpService.stats()` returns it. */
  stats(): OdpStats;
}

/**
 * Observes how far delivery lags behind. An outbox that has to ask a server
 * tells what it held when it was asked last.
 */
export function observeLag(
  meter: Meter,
  accounts: () => Iterable<ObservedOdpAccount>,
): Stop {
  const pending = meter.createObservableGauge('optimizely.odp.events.pending', {
    description: 'Events accepted and neither delivered nor given up',
    unit: '{event}',
  });
  const oldest = meter.createObservableGauge(
    'optimizely.odp.events.oldest_pending.age',
    { description: 'How long the oldest pending event has waited', unit: 's' },
  );
  const suspended = meter.createObservableGauge(
    'optimizely.odp.delivery.suspended',
    {
      description:
        '1 while the API key or the host is wrong and delivery waits, else 0',
    },
  );
  const gauges = [pending, oldest, suspended];
  const observe = (result: BatchObservableResult) => {
    for (const account of accounts()) {
      const stats = account.stats();
      const attributes = { [ACCOUNT]: account.name };
      result.observe(pending, stats.pending, attributes);
      result.observe(oldest, stats.oldestPendingAge / 1000, attributes);
      result.observe(suspended, stats.suspended ? 1 : 0, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, gauges);
  return () => meter.removeBatchObservableCallback(observe, gauges);
}
