import type { OutboxDurability } from '../outbox/index.js';
import type { OdpStats } from '../reporting/index.js';

/** What the events of an outbox survive, for the log. */
export const SURVIVES: Record<OutboxDurability, string> = {
  process: 'nothing: what is undelivered when the process ends is lost',
  machine: 'a crash, kill -9 or reboot of this machine',
  server: 'the loss of any instance, and whatever its server survives',
};

/** What is known once the last flush has ended. */
export interface Ending {
  /** How many were erased while they waited. */
  readonly erased: number;
  /** How many events stay behind; `undefined` if the outbox did not say. */
  readonly left: number | undefined;
  readonly counters: Pick<
    OdpStats,
    'delivered' | 'rejected' | 'expired' | 'dropped'
  >;
  readonly outbox: {
    readonly name: string;
    readonly durability: OutboxDurability;
  };
}

/** The line that says what became of the events. It claims only what is known. */
export function lastLine({ left, erased, counters, outbox }: Ending): {
  readonly level: 'log' | 'warn';
  readonly text: string;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
} {
  const { delivered, rejected, expired, dropped } = counters;
  const facts = {
    delivered,
    rejected: rejected || undefined,
    expired: expired || undefined,
    dropped: dropped || undefined,
    erased: erased || undefined,
    left: left ?? 'unknown',
  };
  const where = `in the outbox (${outbox.name}), which survives ${SURVIVES[outbox.durability]}`;
  if (left === undefined) {
    const text = `Whether events stay behind is unknown, as the outbox could not be asked. What does waits ${where}`;
    return { level: 'warn', text, facts };
  }
  if (left > 0) {
    return {
      level: 'warn',
      text: `${left} ${left === 1 ? 'event stays' : 'events stay'} behind ${where}`,
      facts,
    };
  }
  const text =
    rejected + expired + dropped + erased === 0
      ? 'Everything accepted was delivered'
      : 'Everything accepted was delivered, given up or erased';
  return { level: 'log', text, facts };
}
