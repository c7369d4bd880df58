/** Compiled by `npm run typecheck`, never run: what the decorator takes, and what it refuses. */
import {
  type OdpIdentity,
  SendOdpEvent,
  webVisitor,
} from 'nestjs-optimizely-odp';
import { type Observable, of } from 'rxjs';

interface Order {
  readonly id: string;
  readonly total: number;
}

const order: Order = { id: '42', total: 99.5 };
const purchase = {
  action: 'purchase',
  data: ({ result }: { result: Order }) => ({
    order_id: result.id,
    total: result.total,
  }),
};

@SendOdpEvent({ action: 'any' })
export class Takes {
  @SendOdpEvent<Order>(purchase)
  plain(): Order {
    return order;
  }

  @SendOdpEvent<Order>(purchase)
  promise(_id: string, _count: number): Promise<Order> {
    return Promise.resolve(order);
  }

  @SendOdpEvent<Order>(purchase)
  observable(): Observable<Order> {
    return of(order);
  }

  // An interface as it is, without an index signature.
  @SendOdpEvent<Order>({ action: 'purchase', data: ({ result }) => result })
  @SendOdpEvent<Order>(({ result }) => ({ action: 'made', data: result }))
  whole(): Order {
    return order;
  }

  @SendOdpEvent<Order>(({ result }) => [
    { action: 'purchase', identifiers: { email: result.id } },
  ])
  factory(): Order {
    return order;
  }

  @SendOdpEvent({
    action: 'untyped',
    identifiers: ({ request }) => ({ email: request.user?.email }),
  })
  untyped(): Order {
    return order;
  }

  @SendOdpEvent<Order>(({ error }) => ({ action: String(error) }), {
    on: 'error',
    account: 'emea',
    identity: false,
    oncePerRequest: true,
  })
  conditions(): Order {
    return order;
  }
}

export class Accounts {
  @SendOdpEvent<Order>({
    action: 'purchase',
    account: async ({ result }) => (result.total > 0 ? 'emea' : undefined),
  })
  function(): Order {
    return order;
  }
}

export class Refuses {
  @SendOdpEvent({
    action: 'anonymous',
    // @ts-expect-error nobody may be signed in
    identifiers: ({ request }) => ({ email: request.user.email }),
  })
  anonymous(): void {}

  // @ts-expect-error the handler returns something else
  @SendOdpEvent<Order>(purchase)
  other(): string {
    return 'no order';
  }

  // @ts-expect-error the handler's promise holds something else
  @SendOdpEvent<Order>(purchase)
  otherPromise(): Promise<string> {
    return Promise.resolve('no order');
  }

  // @ts-expect-error an event has an action
  @SendOdpEvent({ type: 'order' })
  noAction(): void {}

  // @ts-expect-error there is no such outcome
  @SendOdpEvent({ action: 'purchase', on: 'sometimes' })
  noSuchOutcome(): void {}

  // @ts-expect-error an order has no such field
  @SendOdpEvent<Order>({ action: ({ result }) => result.nothing })
  noSuchField(): Order {
    return order;
  }

  // @ts-expect-error it goes on methods and classes
  @SendOdpEvent({ action: 'purchase' })
  property = 1;
}

/** As the documentation composes it. */
export const identity: OdpIdentity = (request) => ({
  ...webVisitor()(request),
  email: request.user?.email,
});

export const visitorOnly: OdpIdentity = webVisitor();
