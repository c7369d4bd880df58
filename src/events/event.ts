/**
 * Who the event is about: identifier field to value. ODP merges customers who
 * share one. ODP has `email`, `phone`, `vuid` and `zaius_id`; Feature
 * Experimentation adds `fs_user_id`. At least one must be a non-blank
 * string; `null`, `undefined` and blank values are left out, never sent.
 */
export type OdpIdentifiers = Readonly<
  Record<string, string | null | undefined>
>;

/** A value of a field. ODP reads `null` as an empty string; `undefined` is left out. */
export type OdpDataValue = string | number | boolean | null | undefined;

/** A line of an order. */
export type OdpOrderItem = { readonly product_id: string | number } & Readonly<
  Record<string, OdpDataValue>
>;

/**
 * An order with its line items, the only nested value that ODP's events have.
 * Items may be left out, for example in a partial refund.
 */
export type OdpOrder = {
  readonly order_id: string | number;
  readonly items?: readonly OdpOrderItem[] | null | undefined;
} & Readonly<Record<string, OdpDataValue | readonly OdpOrderItem[]>>;

/**
 * What happened, field by field. Numbers must be finite and within ±2^53. A Date
 * is not a value: send epoch seconds or an ISO 8601 string.
 */
export type OdpEventData = {
  readonly order?: OdpOrder | null | undefined;
} & Readonly<Record<string, OdpDataValue | OdpOrder>>;

/** An event about a customer. What is passed in is copied, never changed or kept. */
export interface OdpEvent {
  /**
   * Its kind, such as `order`; at most 1024 characters.
   * @default 'fullstack'
   */
  readonly type?: string | null | undefined;
  /** What was done, such as `purchase`; not blank, at most 1024 characters. */
  readonly action: string;
  /** Who it is about. Missing identifiers are filled in from the `identity` option. */
  readonly identifiers?: OdpIdentifiers | null | undefined;
  /** What else is known about it. Overrides every default, even `idempotence_id` and `ts`. */
  readonly data?: OdpEventData | null | undefined;
}

/** The value of an identifier; blank ones are left out. */
export type OdpIdentifierValue = string | null | undefined;

/** A field of an event's data. */
export type OdpDataField =
  | OdpDataValue
  | {
      readonly order_id: string | number;
      readonly items?:
        readonly { readonly product_id: string | number }[] | null | undefined;
    };

/** An {@link OdpEvent} whose identifiers and data may be typed by an `interface`. */
export interface OdpEventInput<
  I extends object = object,
  D extends object = object,
> extends Pick<OdpEvent, 'type' | 'action'> {
  readonly identifiers?: I | null | undefined;
  readonly data?: D | null | undefined;
}
