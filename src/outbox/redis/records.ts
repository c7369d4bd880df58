import type {
  ClaimedEvent,
  DeadLetterCause,
  DeliveryOutcome,
  OutboxEvent,
  StoredDeadLetter,
} from '../outbox.js';

/** Which claim holds an event (the fencing token). */
interface Claim {
  readonly entry: string;
  readonly token: string;
}

/** Who appended events: the process, and after which of its checkpoints. */
export const byOf = (process: string, generation: number): string =>
  `${process}/${generation}`;

/** How an event is stored: a line of metadata, and the payload. */
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
    receipt: receipt || undefined,
  };
}

/** What the claim script answers. */
export type Claimed = readonly [now: number, ...events: string[]];

/** Without spreading: hundreds are read at once. */
export function toClaimedEvents(
  answer: Claimed,
  token: string,
): ClaimedEvent[] {
  const [now] = answer;
  const events: ClaimedEvent[] = [];
  for (let i = 1; i < answer.length; i += 3) {
    const entry = answer[i] as string;
    const { id, payload, createdAt, receipt } = fromRecord(
      answer[i + 1] as string,
    );
    events.push({
      id,
      payload,
      createdAt,
      receipt,
      age: Math.max(0, now - msOf(entry)),
      failedAttempts: Number(answer[i + 2]),
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
  const { id, payload, createdAt } = fromRecord(letter.slice(end + 1));
  return {
    id,
    payload,
    createdAt,
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

/** An entry starts with its time, by the server's clock. */
const msOf = (entry: string) => Number.parseInt(entry, 10);
