import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, type Channel } from 'node:diagnostics_channel';
import { type Observable, Subject } from 'rxjs';
import { messageOf } from '../origin.js';
import type { OdpDeliveryEvent } from './delivery-event.js';
import { GuardedEvents } from './guarded-events.js';

type DeliveryEventType = OdpDeliveryEvent['type'];

/** What tells one kind of delivery event apart from others of its account. */
export type DeliveryFacts<T extends DeliveryEventType> = Omit<
  Extract<OdpDeliveryEvent, { type: T }>,
  'type' | 'account'
>;

const CHANNEL_PREFIX = 'optimizely-odp:';

/** Publishes an account's delivery events, on `events$` and on `node:diagnostics_channel`. */
export class Publisher {
  /** What `events$` is. */
  readonly events: Observable<OdpDeliveryEvent>;
  readonly #account: string;
  readonly #app: object | undefined;
  readonly #subject = new Subject<OdpDeliveryEvent>();
  readonly #channels = new Map<DeliveryEventType, Channel>();
  /** Events of many requests are published in the async context of none. */
  readonly #detached = AsyncLocalStorage.snapshot();

  /**
   * @param subscriberFailed called with what a subscriber threw
   * @param app what stands for the app, see `messageOf`
   */
  constructor(
    account: string,
    subscriberFailed: (error: unknown) => void,
    app: object | undefined,
  ) {
    this.#account = account;
    this.#app = app;
    this.events = new GuardedEvents(this.#subject, subscriberFailed);
  }

  /** Whether anybody listens: nothing need be made for nobody. */
  observed(type: DeliveryEventType): boolean {
    return this.#subject.observed || this.#channel(type).hasSubscribers;
  }

  publish<T extends DeliveryEventType>(type: T, facts: DeliveryFacts<T>): void {
    if (!this.observed(type)) return;
    const event = messageOf(this.#app, {
      type,
      account: this.#account,
      ...facts,
    }) as unknown as OdpDeliveryEvent;
    const publish = () => {
      this.#subject.next(event);
      this.#channel(type).publish(event);
    };
    // This one belongs to the caller's own context.
    if (type === 'accepted') publish();
    else this.#detached(publish);
  }

  complete(): void {
    this.#subject.complete();
  }

  #channel(type: DeliveryEventType): Channel {
    let found = this.#channels.get(type);
    if (found === undefined) {
      found = channel(CHANNEL_PREFIX + type);
      this.#channels.set(type, found);
    }
    return found;
  }
}
