import type { OdpViolation } from '../errors/index.js';
import type { OdpEvent } from './event.js';
import { readEvent } from './make-event.js';
import {
  checkAction,
  checkType,
  JsonWriter,
  TOO_LONG,
  type Violations,
  writeData,
  writeOwnIdentifiers,
} from './rules/index.js';

/** One thing that is wrong, and where, as Standard Schema puts it. */
export interface OdpEventIssue {
  /** What is wrong and what is allowed. Never holds the value. */
  readonly message: string;
  /** Such as `['data', 'order', 'items', 0, 'product_id']`. */
  readonly path: readonly (string | number)[];
}

/** A schema of an event, after https://standardschema.dev, version 1. */
export interface OdpEventSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'nestjs-optimizely-odp';
    readonly validate: (
      value: unknown,
    ) =>
      | { readonly value: OdpEvent; readonly issues?: undefined }
      | { readonly issues: readonly OdpEventIssue[] };
    readonly types?: { readonly input: OdpEvent; readonly output: OdpEvent };
  };
}

/**
 * The rules of an event for Nest 12's `@Body({ schema: odpEventSchema })` under
 * `StandardSchemaValidationPipe`, and for anything else that takes a Standard
 * Schema. Like `OdpEventDto`, it accepts an event without identifiers, which
 * `identity` may fill in.
 */
export const odpEventSchema: OdpEventSchema = {
  '~standard': {
    version: 1,
    vendor: 'nestjs-optimizely-odp',
    validate: (value) => {
      const violations = violationsOf(value);
      if (violations.length === 0) return { value: value as OdpEvent };
      return {
        issues: violations.map(issueOf),
      };
    },
  },
};

function violationsOf(value: unknown): Violations {
  const violations: Violations = [];
  const given = readEvent(value, violations);
  if (given === undefined) return violations;
  const json = new JsonWriter();
  json.begin();
  json.field('type', checkType(given.type, violations));
  json.field('action', checkAction(given.action, violations));
  json.open('identifiers');
  writeOwnIdentifiers(given.identifiers, 'identifiers', violations, json);
  json.close();
  json.open('data');
  writeData(given.data, 'data', violations, json);
  json.close();
  if (violations.length === 0 && json.end() === undefined) {
    violations.push({ path: 'event', message: TOO_LONG });
  }
  return violations;
}

/** `data.order.items[0].price` segment by segment; of the event itself none. */
function issueOf({ path, message }: OdpViolation): OdpEventIssue {
  if (path === 'event') return { message, path: [] };
  const [, parent = path, unnamed] = /(.*)\[(\D.*)\]/.exec(path) ?? [];
  const segments = parent.match(/[^.[\]]+/g) ?? [];
  return {
    message:
      unnamed === undefined
        ? message
        : `has a field, of ${unnamed}, that ${message}`,
    path: segments.map((one) => (/^\d/.test(one) ? Number(one) : one)),
  };
}
