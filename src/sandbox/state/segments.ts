import {
  type Check,
  checkFields,
  isObject,
  isWhole,
  patternChecks,
  text,
} from '../check.js';
import { OdpSandboxError } from '../errors.js';
import type { EventPattern } from '../faults/fault.js';
import { matches } from '../faults/match.js';
import type { OdpReceivedEvent } from './received.js';
import { Signal } from './signal.js';

/** A customer's state in a segment; ODP's SDKs look for `qualified`. */
export type SegmentState = 'qualified' | 'not_qualified';

/** Holds for customers with enough matching events, recent enough. */
export interface OdpSandboxCondition extends EventPattern {
  /**
   * How many events must match.
   * @default 1
   */
  readonly atLeast?: number;
  /**
   * How old they may be by their `data.ts`, else by when they arrived:
   * `'30m'`, `'12h'`, `'7d'`, or ms. Without it, any age will do.
   */
  readonly within?: string | number;
}

/** A segment by a rule over what arrived. */
export interface OdpSandboxSegment {
  /** As ODP names it: lower case letters, digits and `_`. */
  readonly name: string;
  readonly description?: string;
  /** All conditions must hold, e.g. `{ type: 'order', atLeast: 3 }`. */
  readonly when: OdpSandboxCondition | readonly OdpSandboxCondition[];
}

interface Rule {
  readonly segment: OdpSandboxSegment;
  holds(events: readonly OdpReceivedEvent[], now: number): boolean;
}

const segmentChecks: Record<string, Check> = {
  name: [
    (v) => typeof v === 'string' && /^[a-z][a-z0-9_]*$/.test(v),
    'a name of lower case letters, digits and _',
  ],
  description: text,
  when: [
    (v) =>
      isObject(v) || (Array.isArray(v) && v.length > 0 && v.every(isObject)),
    'a condition or a list of them',
  ],
};

const conditionChecks: Record<string, Check> = {
  ...patternChecks,
  atLeast: [isWhole(1, 1e9), 'a whole number from 1'],
  within: [
    (v) => toMs(v) !== undefined,
    "a time such as '30m', '12h' or '7d', or ms",
  ],
};

const STATES: readonly string[] = ['qualified', 'not_qualified'];

/** The segments that are defined by rules. */
export class Segments {
  readonly #rules = new Map<string, Rule>();
  readonly #changed = new Signal();
  #version = 0;

  /** Changes with every change of the rules. */
  get version(): number {
    return this.#version;
  }

  all(): OdpSandboxSegment[] {
    return [...this.#rules.values()].map(({ segment }) => segment);
  }

  /**
   * Adds a segment, or replaces the one of its name.
   *
   * @throws OdpSandboxError `invalidOption` that names the field
   */
  define(given: OdpSandboxSegment): void {
    const rule = readRule(given);
    this.#rules.set(rule.segment.name, rule);
    this.#change();
  }

  /** `false` if there is no such segment. */
  remove(name: string): boolean {
    const isGone = this.#rules.delete(name);
    if (isGone) this.#change();
    return isGone;
  }

  /** Makes these the segments. */
  replace(all: readonly OdpSandboxSegment[]): void {
    const rules = all.map(readRule);
    this.#rules.clear();
    for (const rule of rules) this.#rules.set(rule.segment.name, rule);
    this.#change();
  }

  /** The state of a customer with these events in each segment. */
  statesOf(events: readonly OdpReceivedEvent[]): Record<string, SegmentState> {
    const now = Date.now();
    return Object.fromEntries(
      [...this.#rules].map(([name, rule]) => [
        name,
        rule.holds(events, now) ? 'qualified' : 'not_qualified',
      ]),
    );
  }

  listen(listener: () => void): () => void {
    return this.#changed.listen(listener);
  }

  #change(): void {
    this.#version++;
    this.#changed.emit();
  }
}

/**
 * Reads the states that are to be pinned: names (each `qualified`), or states.
 *
 * @throws OdpSandboxError `invalidOption` that names the segment
 */
export function readSegmentStates(
  given: readonly string[] | Readonly<Record<string, SegmentState | null>>,
): Readonly<Record<string, SegmentState | null>> {
  const states: Record<string, SegmentState | null> = Array.isArray(given)
    ? Object.fromEntries(given.map((name) => [name, 'qualified' as const]))
    : { ...(given as Readonly<Record<string, SegmentState | null>>) };
  for (const [name, state] of Object.entries(states)) {
    if (state !== null && !STATES.includes(state)) {
      throw bad(
        `segments.${name} is not a state. Give 'qualified', 'not_qualified' or null.`,
      );
    }
  }
  return states;
}

function readRule(segment: OdpSandboxSegment): Rule {
  if (!isObject(segment)) {
    throw bad(
      "A segment is an object such as { name: 'vip', when: { type: 'order', atLeast: 3 } }.",
    );
  }
  checkFields(segment, segmentChecks, 'a segment');
  for (const field of ['name', 'when'] as const) {
    if (segment[field] === undefined) {
      throw bad(`The segment has no ${field}. Give it one.`);
    }
  }
  const conditions = [segment.when].flat();
  for (const condition of conditions) {
    checkFields({ ...condition }, conditionChecks, 'when');
  }
  return {
    segment,
    holds: (events, now) =>
      conditions.every((condition) => isMet(condition, events, now)),
  };
}

function isMet(
  { atLeast = 1, within, ...pattern }: OdpSandboxCondition,
  events: readonly OdpReceivedEvent[],
  now: number,
): boolean {
  const since = within === undefined ? -Infinity : now - toMs(within)!;
  let left = atLeast;
  for (const received of events) {
    if (timeOf(received) >= since && matches(pattern, received.event)) left--;
    if (left === 0) return true;
  }
  return false;
}

/** ODP's `ts`: epoch seconds or ISO 8601. */
function timeOf({ event, receivedAt }: OdpReceivedEvent): number {
  const { ts } = event.data;
  const time =
    typeof ts === 'number'
      ? ts * 1000
      : typeof ts === 'string'
        ? Date.parse(ts)
        : NaN;
  return Number.isNaN(time) ? receivedAt.getTime() : time;
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function toMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value > 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(value) ?? [];
  return unit === undefined ? undefined : Number(amount) * UNITS[unit]!;
}

function bad(message: string): OdpSandboxError {
  return new OdpSandboxError('invalidOption', message);
}
