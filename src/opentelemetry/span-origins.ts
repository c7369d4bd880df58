import {
  context,
  isSpanContextValid,
  type Link,
  type SpanContext,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Channels, Stop } from './channels.js';

/** A backlog must not become a leak: beyond this many events, the oldest lose their link. */
const REMEMBERED = 10_000;

/** The spans in which events were made, until their outcome is known. */
export class SpanOrigins {
  readonly #origins = new Map<string, SpanContext>();

  /** `accepted` is published in the context of whoever sent the event. */
  subscribe(channels: Channels): Stop[] {
    const forget = ({ id }: { readonly id: string | undefined }) => {
      if (id !== undefined) this.#origins.delete(id);
    };
    return [
      channels.onDeliveryEvent('accepted', ({ id }) => this.#remember(id)),
      channels.onDeliveryEvent('delivered', forget),
      channels.onDeliveryEvent('rejected', forget),
      channels.onDeliveryEvent('expired', forget),
      channels.onDeliveryEvent('dropped', forget),
    ];
  }

  /** One link for each span that made some of these events. */
  linksOf(ids: readonly string[]): Link[] {
    const links = new Map<string, Link>();
    for (const id of ids) {
      const origin = this.#origins.get(id);
      if (origin !== undefined) links.set(origin.spanId, { context: origin });
    }
    return [...links.values()];
  }

  #remember(id: string): void {
    const origin = trace.getSpanContext(context.active());
    if (origin === undefined || !isSpanContextValid(origin)) return;
    if ((origin.traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#origins.set(id, origin);
    if (this.#origins.size <= REMEMBERED) return;
    const [oldest] = this.#origins.keys();
    if (oldest !== undefined) this.#origins.delete(oldest);
  }
}
