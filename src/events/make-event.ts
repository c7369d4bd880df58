import { OdpValidationError } from '../errors/index.js';
import { PACKAGE_VERSION } from '../version.js';
import { DataDefaults } from './data-defaults.js';
import type { OdpEvent } from './event.js';
import { EventIds } from './event-ids.js';
import {
  checkAction,
  checkIdentifiers,
  checkType,
  copyIdentifiers,
  type Data,
  type Fields,
  JsonWriter,
  TOO_LONG,
  type Violations,
  writeData,
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
  readonly #options: EventMakerOptions;
  readonly #newId: () => string;
  readonly #defaults: DataDefaults;
  readonly #stampTime: boolean;
  /** Absent while it writes. */
  #idle: JsonWriter | undefined = new JsonWriter();

  constructor(options: EventMakerOptions) {
    const { commonData, eventTime, newId } = options;
    this.#options = options;
    const ids = new EventIds();
    this.#newId = newId ?? (() => ids.next());
    this.#stampTime = eventTime && (commonData.ts ?? null) === null;
    const { ts: _, ...untimed } = commonData;
    this.#defaults = new DataDefaults({
      ...SOURCE,
      ...(this.#stampTime ? untimed : commonData),
    });
  }

  /**
   * @param ambient identifiers of the request under way; the event's own win
   * @throws OdpValidationError with everything that is wrong
   */
  make(event: OdpEvent, ambient?: unknown): MadeEvent {
    const violations: Violations = [];
    // Reading an event may run a getter of the app, which may send an event.
    const json = this.#idle ?? new JsonWriter();
    this.#idle = undefined;
    try {
      const made = this.#make(event, ambient, violations, json);
      if (violations.length > 0) throw new OdpValidationError(violations);
      return made;
    } finally {
      this.#idle = json;
    }
  }

  /** Checks and writes in one go: what is wrong shows in `violations` only. */
  #make(
    event: OdpEvent,
    ambient: unknown,
    violations: Violations,
    json: JsonWriter,
  ): MadeEvent {
    const createdAt = this.#options.now();
    const given = readEvent(event, violations);
    if (given === undefined) return { id: '', payload: '', createdAt };
    json.begin();
    json.field('type', checkType(given.type, violations));
    json.field('action', checkAction(given.action, violations));
    json.open('identifiers');
    json.fields(
      checkIdentifiers(
        given.identifiers,
        'identifiers',
        violations,
        ambient === undefined
          ? undefined
          : copyIdentifiers(ambient, 'identity', violations),
      ),
    );
    json.close();
    json.open('data');
    const data = writeData(given.data, 'data', violations, json);
    const id = this.#complete(data, createdAt, json);
    json.close();
    // Nobody reads the text of an event that is refused anyway.
    const payload = violations.length > 0 ? '' : json.end();
    if (payload === undefined) {
      violations.push({ path: 'event', message: TOO_LONG });
    }
    return { id, payload: payload ?? '', createdAt };
  }

  /** Writes what an event's data gets where it lacks it; returns the event's id. */
  #complete(
    data: Readonly<Fields>,
    createdAt: number,
    json: JsonWriter,
  ): string {
    const { idempotence_id: given } = data;
    const id = typeof given === 'string' ? given.toWellFormed() : this.#newId();
    if (given === undefined) json.field('idempotence_id', id);
    if (this.#stampTime && data.ts === undefined) {
      json.field('ts', Math.floor(createdAt / 1000));
    }
    json.written(this.#defaults.missingIn(data));
    return id;
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
