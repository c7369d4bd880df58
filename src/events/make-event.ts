import { randomUUID } from 'node:crypto';
import { OdpValidationError } from '../errors/index.js';
import { PACKAGE_VERSION } from '../version.js';
import type { OdpEvent } from './event.js';
import {
  checkAction,
  checkData,
  checkIdentifiers,
  checkType,
  copyIdentifiers,
  type Data,
  serialise,
  type Violations,
} from './rules/index.js';

/** What every event gets, see ODP's page on sendOdpEvent. The caller's data overrides it. */
const SOURCE = {
  data_source_type: 'sdk',
  data_source: 'nestjs-optimizely-odp',
  data_source_version: PACKAGE_VERSION,
};

/** An event that was checked and is ready to go. */
export interface MadeEvent {
  /** Its `idempotence_id`. */
  readonly id: string;
  /** It as JSON text. */
  readonly payload: string;
  /** When it was made, in ms since the epoch. */
  readonly createdAt: number;
}

/** How events are made. */
export interface EventMakerOptions {
  /** Merged into each event's data, under the event's own. */
  readonly commonData: Data;
  /** Whether `data.ts` is stamped. */
  readonly eventTime: boolean;
  /** The time in ms since the epoch. */
  now(): number;
  /** Makes an `idempotence_id`; UUID v4 unless given. */
  newId?(): string;
}

/** Checks events, completes them with defaults and serialises them, once. */
export class EventMaker {
  readonly #defaults: Data;
  readonly #options: EventMakerOptions;
  readonly #newId: () => string;

  constructor(options: EventMakerOptions) {
    this.#options = options;
    this.#defaults = { ...SOURCE, ...options.commonData };
    this.#newId = options.newId ?? randomUUID;
  }

  /**
   * @param ambient identifiers of the request under way; the event's own win
   * @throws OdpValidationError with everything that is wrong
   */
  make(event: OdpEvent, ambient?: unknown): MadeEvent {
    const violations: Violations = [];
    const made = this.#make(event, ambient, violations);
    if (violations.length > 0) throw new OdpValidationError(violations);
    return made;
  }

  #make(event: OdpEvent, ambient: unknown, violations: Violations): MadeEvent {
    const createdAt = this.#options.now();
    const data: Data = { idempotence_id: '', ...this.#defaults };
    data.idempotence_id = this.#newId();
    if (this.#options.eventTime) data.ts ??= Math.floor(createdAt / 1000);

    const given = readEvent(event, violations);
    if (given === undefined) return { id: '', payload: '', createdAt };
    const type = checkType(given.type, violations);
    const action = checkAction(given.action, violations);
    const identifiers = checkIdentifiers(
      given.identifiers,
      'identifiers',
      violations,
      ambient === undefined
        ? undefined
        : copyIdentifiers(ambient, 'identity', violations),
    );
    checkData(given.data, 'data', violations, data);
    const made = { type, action, identifiers, data };
    const payload = serialise(made, 'event', violations);
    return { id: data.idempotence_id, payload, createdAt };
  }
}

type Given = { readonly [field in keyof OdpEvent]?: unknown };

/** Reads each part once; the caller's object may be a proxy or have getters. */
function readEvent(event: unknown, violations: Violations): Given | undefined {
  if (typeof event !== 'object' || event === null) {
    violations.push({
      path: 'event',
      message: 'must be an object with action and identifiers',
    });
    return undefined;
  }
  try {
    const { type, action, identifiers, data } = event as Given;
    return { type, action, identifiers, data };
  } catch {
    violations.push({
      path: 'event',
      message: 'could not be read (it throws)',
    });
    return undefined;
  }
}
