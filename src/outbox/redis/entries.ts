import type {
  DeadLetterCause,
  ClaimedEvent,
  DeliveryOutcome,
  StoredDeadLetter,
} from '../outbox.js';
import { fromStoredText, toStoredText } from '../stored-text.js';

/** An entry of a stream, as Redis answers. */
export type Entry = readonly [entry: string, fields: readonly string[]];

/** Who holds an event, as the consumer group knows it, and the fencing token. */
interface Claim {
  readonly entry: string;
  readonly deliveries: number;
}

/** What the claim script answers. */
export type Claimed = readonly [
  entry: string,
  deliveries: number,
  failedAttempts: string,
  age: number,
  fields: readonly string[],
];

export function toClaimedEvent([
  entry,
  deliveries,
  failedAttempts,
  age,
  list,
]: Claimed): ClaimedEvent {
  const fields = fieldsOf(list);
  return {
    id: fromStoredText(fields('id')),
    payload: fields('payload'),
    createdAt: Number(fields('createdAt')),
    receipt: fields('receipt') || undefined,
    age,
    failedAttempts: Number(failedAttempts),
    claim: { entry, deliveries } satisfies Claim,
  };
}

/** Claims as the scripts take them. */
export const namesOf = (events: readonly ClaimedEvent[]): (string | number)[] =>
  events.flatMap(({ id, claim }) => {
    const { entry, deliveries } = claim as Claim;
    return [entry, deliveries, toStoredText(id)];
  });

export function toDeadLetter([entry, list]: Entry): StoredDeadLetter {
  const fields = fieldsOf(list);
  const status = fields('status');
  return {
    id: fromStoredText(fields('id')),
    payload: fields('payload'),
    createdAt: Number(fields('createdAt')),
    failedAttempts: Number(fields('failedAttempts')),
    reason: fields('reason') as DeadLetterCause['reason'],
    status: status === '' ? undefined : Number(status),
    message: fromStoredText(fields('message')),
    // An entry is named by the server's time at which it was added, and a number.
    deadLetteredAt: Number.parseInt(entry, 10),
    cursor: entry,
  };
}

/** Reads the fields of a stream's entry by name. */
export function fieldsOf(list: readonly string[]): (name: string) => string {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < list.length; i += 2) {
    fields.set(list[i] as string, list[i + 1] as string);
  }
  return (name) => fields.get(name) ?? '';
}

/** What the scripts recorded under a receipt: nothing, `delivered`, `erased`, or why it is a dead letter. */
export function toOutcome(
  receipt: string,
  recorded: string | null,
): DeliveryOutcome[] {
  if (recorded === null || recorded === 'erased') return [];
  if (recorded === 'delivered') return [{ receipt, outcome: 'delivered' }];
  const { reason, status, message } = JSON.parse(recorded) as {
    reason: DeadLetterCause['reason'];
    status: string;
    message: string;
  };
  return [
    {
      receipt,
      outcome: 'deadLettered',
      reason,
      status: status === '' ? undefined : Number(status),
      message: fromStoredText(message),
    },
  ];
}
