import type {
  ClaimedEvent,
  DeadLetterCause,
  DeliveryOutcome,
  OutboxEvent,
  StoredDeadLetter,
} from '../outbox.js';

/** Which claim holds an event: the fencing token. */
interface Claim {
  readonly entry: string;
  readonly token: string;
}

/** Who appended events: which process, and after which of its checkpoints. */
export const byOf = (process: string, generation: number): string =>
  `${process}/${generation}`;

/** What is stored of an event: a line that says whose it is, and the payload. */
export const toRecord = (
  { id, payload, createdAt, receipt = '' }: OutboxEvent,
  by: string,
): string =>
  `${by}\t${receipt}\t${createdAt}\t${JSON.stringify(id)}\n${payload}`;

export function fromRecord(record: string): OutboxEvent {
  const end = record.indexOf('\n');
  const [, receipt, createdAt, id = '""'] = record.slice(0, end).split('\t');
  return {
    id: JSON.parse(id) as string,
    payload: record.slice(end + 1),
    createdAt: Number(createdAt),
    ...(receipt ? { receipt } : {}),
  };
}

/** What the claim script answers. */
export type Claimed = readonly [now: number, ...events: string[]];

export function toClaimedEvents(
  [now, ...list]: Claimed,
  token: string,
): ClaimedEvent[] {
  const events: ClaimedEvent[] = [];
  for (let i = 0; i < list.length; i += 3) {
    const [entry = '', record = '', failedAttempts] = list.slice(i, i + 3);
    events.push({
      ...fromRecord(record),
      age: Math.max(0, now - msOf(entry)),
      failedAttempts: Number(failedAttempts),
      claim: { entry, token } satisfies Claim,
    });
  }
  return events;
}

/** Claims as the scripts take them. */
export const claimsOf = (events: readonly ClaimedEvent[]): string[] =>
  events.flatMap(({ claim }) => {
    const { entry, token } = claim as Claim;
    return [entry, token];
  });

export function toDeadLetter(entry: string, letter: string): StoredDeadLetter {
  const end = letter.indexOf('\n');
  const [failedAttempts, cause = ''] = letter.slice(0, end).split('\t');
  return {
    ...fromRecord(letter.slice(end + 1)),
    ...(JSON.parse(cause) as DeadLetterCause),
    failedAttempts: Number(failedAttempts),
    deadLetteredAt: msOf(entry),
    cursor: entry,
  };
}

/** What is recorded under a receipt: nothing, `delivered`, or why it is a dead letter. */
export function toOutcome(
  receipt: string,
  recorded: string | null | undefined,
): DeliveryOutcome[] {
  if (recorded === null || recorded === undefined) return [];
  if (recorded === 'delivered') return [{ receipt, outcome: 'delivered' }];
  const cause = JSON.parse(recorded) as DeadLetterCause;
  return [{ receipt, outcome: 'deadLettered', ...cause }];
}

/** An entry begins with when it was made, by the server's clock. */
const msOf = (entry: string) => Number.parseInt(entry, 10);
