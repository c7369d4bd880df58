import type { Clock } from '../clock.js';
import type { OdpError } from '../errors/index.js';
import {
  EventMaker,
  lastLook,
  type MadeEvent,
  type OdpEvent,
} from '../events/index.js';
import type { AppendOptions, OutboxEvent } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { Caller } from './caller.js';
import { Refusals } from './refusals.js';
import type { ResolvedOptions } from './resolved-options.js';

/** Whether an account takes events, and where they go from here. */
export interface IntakeTarget {
  /** Why no event is taken now; `undefined` if it is. */
  refusal(): OdpError | undefined;
  /** Hands events to the outbox. */
  append(
    events: readonly OutboxEvent[],
    options: AppendOptions | undefined,
  ): void | Promise<void>;
}

/** How events get into an account: checked, completed, and handed to its outbox. */
export class EventIntake {
  readonly refusals: Refusals;
  readonly #maker: EventMaker;
  readonly #options: ResolvedOptions;
  readonly #caller: Caller;
  readonly #reporter: Reporter;
  readonly #target: IntakeTarget;
  #source: string | undefined;

  constructor(
    options: ResolvedOptions,
    clock: Clock,
    caller: Caller,
    reporter: Reporter,
    target: IntakeTarget,
  ) {
    const { commonData, eventTime, allowPlaceholderIdentifiers } = options;
    this.#options = options;
    this.#caller = caller;
    this.#reporter = reporter;
    this.#target = target;
    this.refusals = new Refusals(reporter, caller);
    this.#maker = new EventMaker({
      commonData,
      eventTime,
      allowPlaceholderIdentifiers,
      now: () => clock.now(),
    });
  }

  /**
   * Checks and completes an event.
   *
   * @param identity `false`: without the identifiers of whoever is calling
   * @returns `undefined` if `beforeSend` withholds it
   * @throws OdpValidationError, and the error of an account that takes no events
   */
  make(event: OdpEvent, identity = true): MadeEvent | undefined {
    this.#mustBeOpen();
    const caller = identity ? this.#caller.identifiers() : undefined;
    const { beforeSend, allowPlaceholderIdentifiers } = this.#options;
    if (beforeSend === undefined) return this.#maker.make(event, caller);
    const looked = lastLook(
      event,
      caller,
      { beforeSend, allowPlaceholderIdentifiers },
      (how) => this.#reporter.beforeSendFailed(how),
    );
    if (looked !== undefined) return this.#maker.make(looked);
    this.#reporter.withheld();
    return undefined;
  }

  /**
   * Hands made events to the outbox; returns, or resolves, when it has them.
   *
   * @throws OdpOutboxFullError, OdpOutboxError, and the error of an account that takes no events
   */
  append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): void | Promise<void> {
    this.#mustBeOpen();
    return this.#target.append(events, options);
  }

  /** Runs `track`; errors of the events that it tracks name the handler `source`. */
  trackFrom(source: string, track: () => void): void {
    this.#source = source;
    try {
      track();
    } finally {
      this.#source = undefined;
    }
  }

  /**
   * Takes an event that nobody waits for: whatever goes wrong is reported. Never throws.
   *
   * @param identity as of {@link make}
   */
  track(event: OdpEvent, identity?: boolean): void {
    const source = this.#source;
    let id: string | undefined;
    try {
      const made = this.make(event, identity);
      if (made === undefined) return;
      id = made.id;
      // Not this.append: the account was open a moment ago, and no code of the app
      // that ran meanwhile can close it at once.
      const appended = this.#target.append([made], undefined);
      if (appended instanceof Promise) {
        appended.catch((error: unknown) =>
          this.refusals.lost(error, id, source),
        );
      }
    } catch (error) {
      this.refusals.tracked(error, id, source, identity);
    }
  }

  #mustBeOpen(): void {
    const refusal = this.#target.refusal();
    if (refusal !== undefined) throw refusal;
  }
}
