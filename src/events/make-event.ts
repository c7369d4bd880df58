import { OdpValidationError } from '../errors/index.js';
import { pathOf } from '../names.js';
import { closest } from '../options/index.js';
import { PACKAGE_VERSION } from '../version.js';
import { DataDefaults } from './data-defaults.js';
import type { OdpEvent } from './event.js';
import {
  checkAction,
  checkType,
  copyIdentifiers,
  type Data,
  type Fields,
  isOwn,
  JsonWriter,
  TOO_LONG,
  type Violations,
  writeData,
  writeIdentifiers,
} from './rules/index.js';

/** What every event gets; see ODP's page on sendOdpEvent. The event's own data overrides it. */
const SOURCE = {
  data_source_type: 'sdk',
  data_source: 'nestjs-optimizely-odp',
  data_source_version: PACKAGE_VERSION,
};

/**
 * An event that was checked and is ready to be sent. A class, since V8 may
 * allocate literals in old space, where each is kept, with its text, until a full
 * collection.
 */
export class MadeEvent {
  /** Its `idempotence_id`. */
  readonly id: string;
  /** The event as JSON text. */
  readonly payload: string;
  /** When it was made, in ms since the epoch. */
  readonly createdAt: number;

  constructor(id: string, payload: string, createdAt: number) {
    this.id = id;
    this.payload = payload;
    this.createdAt = createdAt;
  }
}

/** How events are made. */
export interface EventMakerOptions {
  /** Merged into each event's data, under the event's own. */
  readonly commonData: Data;
  /** Whether `data.ts` is stamped. */
  readonly eventTime: boolean;
  /** Whether identifiers such as `'undefined'` are accepted. */
  readonly allowPlaceholderIdentifiers?: boolean;
  /** The time in ms since the epoch. */
  now(): number;
}

/** Checks events, completes them with defaults and serialises them, once. */
export class EventMaker {
  readonly #options: EventMakerOptions;
  readonly #defaults: DataDefaults;
  /** `undefined` while in use. */
  #idle: JsonWriter | undefined = new JsonWriter();

  constructor(options: EventMakerOptions) {
    const { commonData, eventTime } = options;
    this.#options = options;
    const { ts, ...untimed } = commonData;
    const stampTime = eventTime && (ts ?? null) === null;
    this.#defaults = new DataDefaults(
      { ...SOURCE, ...(stampTime ? untimed : commonData) },
      stampTime,
    );
  }

  /**
   * @param callerIdentifiers the caller's identifiers; the event's own take precedence
   * @throws OdpValidationError with everything that is wrong
   */
  make(event: OdpEvent, callerIdentifiers?: unknown): MadeEvent {
    const violations: Violations = [];
    // Reading an event may run a getter of the app, which may itself send an event.
    const json = this.#idle ?? new JsonWriter();
    this.#idle = undefined;
    try {
      const made = this.#make(event, callerIdentifiers, violations, json);
      if (violations.length > 0) throw new OdpValidationError(violations);
      return made;
    } finally {
      this.#idle = json;
    }
  }

  /** Checks and writes in one pass; problems only show in `violations`. */
  #make(
    event: OdpEvent,
    callerIdentifiers: unknown,
    violations: Violations,
    json: JsonWriter,
  ): MadeEvent {
    const createdAt = this.#options.now();
    const given = readEvent(event, violations);
    if (given === undefined) return new MadeEvent('', '', createdAt);
    const allowPlaceholders =
      this.#options.allowPlaceholderIdentifiers === true;
    json.begin();
    json.field('type', checkType(given.type, violations));
    json.field('action', checkAction(given.action, violations));
    json.open('identifiers');
    writeIdentifiers(
      given.identifiers,
      'identifiers',
      violations,
      json,
      callerIdentifiers === undefined
        ? undefined
        : copyIdentifiers(
            callerIdentifiers,
            'identity',
            violations,
            allowPlaceholders,
          ),
      allowPlaceholders,
    );
    json.close();
    json.open('data');
    const data = writeData(given.data, 'data', violations, json);
    const id = this.#defaults.complete(data, createdAt, json);
    json.close();
    // The text of a refused event is not needed.
    const payload = violations.length > 0 ? '' : json.end();
    if (payload === undefined) {
      violations.push({ path: 'event', message: TOO_LONG });
    }
    return new MadeEvent(id, payload ?? '', createdAt);
  }
}

const FIELDS: readonly string[] = ['type', 'action', 'identifiers', 'data'];

/** Whether it is one of these; faster than a search. */
const isField = (name: string) =>
  name === 'type' ||
  name === 'action' ||
  name === 'identifiers' ||
  name === 'data';

const whatElse = (name: string) => {
  const meant = closest(name, FIELDS);
  return meant === undefined
    ? 'move it into data'
    : `${meant} is probably meant`;
};

type Given = { readonly [field in keyof OdpEvent]?: unknown };

/** @internal Reads each field once, since the object may be a proxy or have getters. */
export function readEvent(
  event: unknown,
  violations: Violations,
): Given | undefined {
  if (typeof event !== 'object' || event === null) {
    violations.push({
      path: 'event',
      message: 'must be an object with action and identifiers',
    });
    return undefined;
  }
  try {
    const { type, action, identifiers, data } = event as Given;
    for (const name in event) {
      if (isField(name) || !isOwn(event as Fields, name)) continue;
      if ((event as Fields)[name] === undefined) continue;
      violations.push({
        path: pathOf('event', name),
        message: `is not a field of an event; ${whatElse(name)} (there are ${FIELDS.join(', ')})`,
      });
    }
    return { type, action, identifiers, data };
  } catch {
    violations.push({
      path: 'event',
      message: 'could not be read (it throws)',
    });
    return undefined;
  }
}
