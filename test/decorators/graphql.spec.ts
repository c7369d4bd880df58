import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  NotFoundException,
  UseGuards,
} from '@nestjs/common';
import {
  Args,
  Context,
  Field,
  GqlExecutionContext,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { OdpService, SendOdpEvent, webVisitor } from 'nestjs-optimizely-odp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  actions,
  arrived,
  odpModule,
  type Platform,
  type RunningApp,
  useApps,
  useSandbox,
} from './support.js';

const VUID = '1b6cd62e8fd14b6f8cbe2f0bbd8f9a4c';
const headers = {
  'content-type': 'application/json',
  cookie: `vuid=${VUID}`,
  'x-email': 'ada@example.com',
};

@ObjectType()
class Product {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
class Shelf {
  @Field(() => [Product])
  products!: Product[];
}

@Injectable()
class SignIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { req, reply } = GqlExecutionContext.create(context).getContext();
    const request = reply?.request ?? req.extra?.request ?? req;
    request.user = { email: request.headers['x-email'] };
    return true;
  }
}

interface Session {
  user: unknown;
}

interface GraphqlContext {
  readonly req: Session;
  readonly reply?: { readonly request: Session };
}

@Resolver(() => Product)
class ProductResolver {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Query(() => [Product])
  @UseGuards(SignIn)
  @SendOdpEvent<Product[]>({
    type: 'product',
    action: 'search',
    data: ({ request, result }) => ({
      text: (request.body as { text: string }).text,
      hits: result.length,
      header: String(request.headers['x-email']),
    }),
  })
  async products(@Args('text') text: string): Promise<Product[]> {
    await Promise.resolve();
    this.odp.trackOdpEvent({ action: `looked for ${text}` });
    return [{ id: '1' }, { id: '2' }, { id: '3' }];
  }

  @Mutation(() => Boolean)
  @UseGuards(SignIn)
  @SendOdpEvent({ action: 'bought' })
  @SendOdpEvent({ action: 'not bought', on: 'error' })
  buy(@Args('id') id: string): boolean {
    if (id === 'none') throw new NotFoundException();
    return true;
  }

  @Mutation(() => Boolean)
  @UseGuards(SignIn)
  @SendOdpEvent({ action: 'logged out' })
  logout(@Context() { req, reply }: GraphqlContext): boolean {
    (reply?.request ?? req).user = null;
    this.odp.trackOdpEvent({ action: 'of a service' });
    return true;
  }

  @ResolveField(() => String)
  @SendOdpEvent<string>({ action: 'price shown' })
  price(@Parent() { id }: Product): string {
    return `${id} EUR`;
  }

  @ResolveField(() => String)
  @SendOdpEvent<string>({
    action: ({ result }) => result,
    when: ({ result }) => result !== 'stock of 1',
    oncePerRequest: false,
  })
  stock(@Parent() { id }: Product): string {
    return `stock of ${id}`;
  }

  @ResolveField(() => String)
  @SendOdpEvent<string>({
    action: ({ result }) => result,
    when: async ({ result }) => result !== 'rating of 1',
  })
  rating(@Parent() { id }: Product): string {
    return `rating of ${id}`;
  }

  @Query(() => Shelf)
  @SendOdpEvent({ action: 'shelf', oncePerRequest: true })
  shelf(): Shelf {
    return { products: [] };
  }

  @Subscription(() => String, { resolve: (value: string) => value })
  @UseGuards(SignIn)
  @SendOdpEvent({
    action: 'subscribed',
    identifiers: ({ request }) => ({ email: request.user?.email }),
  })
  async *news(): AsyncGenerator<string> {
    yield 'first';
    yield 'second';
  }
}

const drivers: {
  name: string;
  platform: Platform;
  module: () => ReturnType<typeof GraphQLModule.forRoot>;
}[] = [
  {
    name: 'Apollo on express',
    platform: 'express',
    module: () =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        fieldResolverEnhancers: ['interceptors'],
        subscriptions: { 'graphql-ws': true },
      }),
  },
  {
    name: 'Mercurius on fastify',
    platform: 'fastify',
    module: () =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        driver: MercuriusDriver,
        autoSchemaFile: true,
        fieldResolverEnhancers: ['interceptors'],
        subscription: true,
      }),
  },
];

const sandbox = useSandbox();
const start = useApps(afterAll);

describe.each(drivers)('$name', ({ platform, module }) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start({
      platform,
      imports: [
        module(),
        odpModule(sandbox.now, {
          identity: (request) => ({
            ...webVisitor()(request),
            email: request.user?.email,
          }),
        }),
      ],
      providers: [ProductResolver],
    });
  });

  const ask = async (query: string) => {
    const answer = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    return (await answer.json()) as { data: unknown; errors?: unknown[] };
  };

  test('a query sends its event, with who asked and what for', async () => {
    expect(
      (await ask('{ products(text: "lamp") { id } }')).errors,
    ).toBeUndefined();

    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['looked for lamp', 'search']);
    for (const { identifiers } of events) {
      expect(identifiers).toEqual({ email: 'ada@example.com', vuid: VUID });
    }
    expect(
      events.find(({ action }) => action === 'search')?.data,
    ).toMatchObject({
      text: 'lamp',
      hits: 3,
      header: 'ada@example.com',
    });
  });

  test.each([
    ['mutation { buy(id: "1") }', ['bought']],
    ['mutation { buy(id: "none") }', ['not bought']],
    ['mutation { a: buy(id: "1") b: buy(id: "2") }', ['bought', 'bought']],
    [
      '{ a: shelf { products { id } } b: shelf { products { id } } }',
      ['shelf'],
    ],
  ])('%s sends %j', async (query, expected) => {
    await ask(query);
    expect(actions(await arrived(sandbox.now, app))).toEqual(expected);
  });

  test('a logout still knows who has logged out', async () => {
    await ask('mutation { logout }');
    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['logged out', 'of a service']);
    for (const { identifiers } of events) {
      expect(identifiers).toEqual({ email: 'ada@example.com', vuid: VUID });
    }
  });

  test.each([
    ['price', ['price shown']],
    ['rating', ['rating of 2']],
    ['stock', ['stock of 2', 'stock of 3']],
  ])('the field %s of three objects sends %j', async (field, expected) => {
    const query = `{ products(text: "x") { ${field} } }`;
    expect((await ask(query)).errors).toBeUndefined();
    const sent = actions(await arrived(sandbox.now, app)).filter(
      (action) => action !== 'search' && action !== 'looked for x',
    );
    expect(sent).toEqual(expected);
  });

  test('a field is told of again in the next request', async () => {
    await ask('{ products(text: "x") { price } }');
    await ask('{ products(text: "x") { price } }');
    const sent = actions(await arrived(sandbox.now, app));
    expect(sent.filter((action) => action === 'price shown')).toHaveLength(2);
  });

  test('a subscription counts when it stands', async () => {
    expect(
      await subscribe(`${app.url}/graphql`, 'subscription { news }'),
    ).toEqual([{ data: { news: 'first' } }, { data: { news: 'second' } }]);
    const events = await arrived(sandbox.now, app);
    expect(events).toMatchObject([
      {
        action: 'subscribed',
        identifiers: { email: 'ada@example.com', vuid: VUID },
      },
    ]);
  });
});

/** Speaks graphql-transport-ws; resolves to what came until the end. */
function subscribe(url: string, query: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const received: unknown[] = [];
    const client = new WebSocket(
      url.replace('http', 'ws'),
      'graphql-transport-ws',
      {
        headers: { cookie: headers.cookie, 'x-email': headers['x-email'] },
      },
    );
    const send = (message: object) => client.send(JSON.stringify(message));
    client.on('error', reject);
    client.on('open', () => send({ type: 'connection_init' }));
    client.on('message', (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString());
      if (type === 'connection_ack')
        send({ id: '1', type: 'subscribe', payload: { query } });
      else if (type === 'next') received.push(payload);
      else if (type === 'error') reject(new Error(JSON.stringify(payload)));
      else if (type === 'complete') {
        client.close();
        resolve(received);
      }
    });
  });
}
