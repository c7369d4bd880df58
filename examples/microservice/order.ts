/** What travels from the gateway to the orders service. */
export interface PlaceOrder {
  readonly product: string;
  /** Who orders, so that the service's events know. */
  readonly user: Customer;
}

export interface Customer {
  readonly email?: string | undefined;
  readonly vuid?: string | undefined;
}

export interface Order {
  readonly id: string;
  readonly product: string;
}
