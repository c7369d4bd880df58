import type { OdpErrorCode, OdpViolation } from '../errors/index.js';

interface DeliveryEventBase {
  /** The account's name, `default` unless the module was given one. */
  readonly account: string;
}

interface EventDeliveryEvent extends DeliveryEventBase {
  /** The event's `idempotence_id`. */
  readonly id: string;
}

/** The outbox has the event. */
export interface OdpEventAccepted extends EventDeliveryEvent {
  readonly type: 'accepted';
}

/** ODP has acknowledged the event. */
export interface OdpEventDelivered extends EventDeliveryEvent {
  readonly type: 'delivered';
  /** How long after its acceptance, in ms. */
  readonly age: number;
  /** How often it had failed before. */
  readonly failedAttempts: number;
}

/** ODP refused the event for what it holds; it was given up. */
export interface OdpEventRejected extends EventDeliveryEvent {
  readonly type: 'rejected';
  /** The HTTP status of ODP's answer. */
  readonly status: number;
  /** ODP's message, identifiers blacked out; may be empty. */
  readonly reason: string;
}

/** The event grew older than `delivery.maxEventAge`; it was given up. */
export interface OdpEventExpired extends EventDeliveryEvent {
  readonly type: 'expired';
  /** How long after its acceptance, in ms. */
  readonly age: number;
}

/** The event was given up for a newer one, or was never accepted. */
export interface OdpEventDropped extends DeliveryEventBase {
  readonly type: 'dropped';
  /** The event's `idempotence_id`, if it had one yet. */
  readonly id: string | undefined;
  /** Why, as the code of the error that a waiting caller would have got. */
  readonly reason: OdpErrorCode;
}

/** The event broke a rule; nothing was queued. */
export interface OdpEventInvalid extends DeliveryEventBase {
  readonly type: 'invalid';
  /** Everything that is wrong; never holds a value. */
  readonly violations: readonly OdpViolation[];
  /** The handler whose decorator made it, such as `ShopController.checkout`. */
  readonly source: string | undefined;
}

/** A request failed for the moment; its events will be sent again. */
export interface OdpEventRetrying extends DeliveryEventBase {
  readonly type: 'retrying';
  /** The `idempotence_id`s of its events. */
  readonly ids: readonly string[];
  /** The HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** What went wrong. */
  readonly reason: string;
  /** How long they wait, in ms. */
  readonly delay: number;
}

/** The account is misconfigured: delivery waits until a probe gets through. */
export interface OdpDeliverySuspended extends DeliveryEventBase {
  readonly type: 'suspended';
  /** The HTTP status that said so. */
  readonly status: number;
}

/** A probe got through: delivery goes on. */
export interface OdpDeliveryResumed extends DeliveryEventBase {
  readonly type: 'resumed';
}

/** The integration names an ODP account, or a different one: requests go there from now on. */
export interface OdpIntegrated extends DeliveryEventBase {
  readonly type: 'integrated';
  /** Where events go, without path and key. */
  readonly host: string;
}

/** The integration no longer names an ODP account: waiting events stay in the outbox, new ones are discarded. */
export interface OdpDisintegrated extends DeliveryEventBase {
  readonly type: 'disintegrated';
}

/** What happened to events: an item of `OdpService.events$`. */
export type OdpDeliveryEvent =
  | OdpEventAccepted
  | OdpEventDelivered
  | OdpEventRejected
  | OdpEventExpired
  | OdpEventDropped
  | OdpEventInvalid
  | OdpEventRetrying
  | OdpDeliverySuspended
  | OdpDeliveryResumed
  | OdpIntegrated
  | OdpDisintegrated;

/** Counters and lag of one account in this process, since it booted. */
export interface OdpStats {
  /** Events that the outbox took in. */
  readonly accepted: number;
  /** Events that ODP acknowledged. */
  readonly delivered: number;
  /** Events that ODP refused for what they hold. */
  readonly rejected: number;
  /** Events given up for their age. */
  readonly expired: number;
  /** Events given up for newer ones, discarded because the account took none, or tracked and refused by the outbox. */
  readonly dropped: number;
  /** Events that broke a rule and were not queued. */
  readonly invalid: number;
  /**
   * Events that were rightly not sent: `beforeSend` withheld them, or they were
   * tracked for a caller whom `identity` does not know.
   */
  readonly withheld: number;
  /** Requests that failed for the moment. */
  readonly retries: number;
  /** Requests made. */
  readonly requests: number;
  /** Events accepted and neither delivered nor given up, those in flight included. */
  readonly pending: number;
  /** Events in requests under way. */
  readonly inFlight: number;
  /** How long the oldest pending event has waited, in ms; 0 when none is pending. */
  readonly oldestPendingAge: number;
  /** Whether delivery is suspended, as the account is misconfigured. */
  readonly suspended: boolean;
  /** Whether delivery was paused by the app. */
  readonly paused: boolean;
  /** How many dead letters the outbox keeps. */
  readonly deadLetters: number;
  /** How many it has removed to stay within the option `deadLetters`. */
  readonly deadLettersRemoved: number;
  /** How often the outbox failed. */
  readonly outboxFailures: number;
}
