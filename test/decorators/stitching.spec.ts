import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import { OdpService, SendOdpEvent, webVisitor } from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import {
  arrived,
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from './support.js';

/** Who has signed in, by session. */
const sessions = new Map<string, { email: string; id: string }>();

@Injectable()
class Session implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.user = sessions.get(request.headers['x-session']);
    return true;
  }
}

@Controller()
@UseGuards(Session)
class ShopController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Get('products/:id')
  @SendOdpEvent({
    type: 'product',
    action: 'detail',
    data: ({ request }) => ({ product_id: request.params.id }),
  })
  product(@Param('id') id: string): string {
    return id;
  }

  @Post('login')
  async login(
    @Body() { session, email }: { session: string; email: string },
  ): Promise<void> {
    sessions.set(session, { email, id: 'C-7' });
    // The web tag's vuid is filled in: two identifiers, one customer.
    await this.odp.identify({ email });
  }

  @Post('orders')
  @SendOdpEvent<{ id: string }>({
    type: 'order',
    action: 'purchase',
    data: ({ result }) => ({ order_id: result.id }),
  })
  order(): { id: string } {
    return { id: '42' };
  }
}

const sandbox = useSandbox();
const start = useApps();

test.each(platforms)(
  'a visitor browses, logs in and buys: one customer (%s)',
  async (platform) => {
    const app = await start({
      platform,
      imports: [
        odpModule(sandbox.now, {
          identity: (request) => ({
            ...webVisitor()(request),
            email: request.user?.email,
            customer_id: request.user?.id,
          }),
        }),
      ],
      controllers: [ShopController],
    });
    const call = (
      method: string,
      path: string,
      headers: object,
      body?: object,
    ) =>
      fetch(`${app.url}/${path}`, {
        method,
        ...(body === undefined
          ? { headers: { ...headers } }
          : {
              headers: { 'content-type': 'application/json', ...headers },
              body: JSON.stringify(body),
            }),
      });
    // As ODP's web tag sets it in the browser.
    const cookie = 'vuid=1b6cd62e-8fd1-4b6f-8cbe-2f0bbd8f9a4c%7C1763928808';
    const vuid = '1b6cd62e8fd14b6f8cbe2f0bbd8f9a4c';

    await call('GET', 'products/lamp', { cookie });
    await arrived(sandbox.now, app);
    expect(sandbox.now.customers()).toMatchObject([
      { identifiers: { vuid: [vuid] } },
    ]);
    expect(sandbox.now.customer({ email: 'ada@example.com' })).toBeUndefined();

    await call(
      'POST',
      'login',
      { cookie },
      { session: 's1', email: 'ada@example.com' },
    );
    // Without the cookie, as from her phone: the session alone tells who she is.
    await call('POST', 'orders', { 'x-session': 's1' });
    // Somebody else stays somebody else.
    await call('GET', 'products/lamp', { cookie: `vuid=${'0'.repeat(32)}` });

    const events = await arrived(sandbox.now, app);
    expect(events.map(({ type, action }) => `${type}/${action}`)).toEqual([
      'product/detail',
      'fullstack/identified',
      'order/purchase',
      'product/detail',
    ]);
    expect(sandbox.now.customers()).toHaveLength(2);
    expect(sandbox.now.customer({ vuid })?.identifiers).toEqual({
      vuid: [vuid],
      email: ['ada@example.com'],
      customer_id: ['C-7'],
    });
    expect(sandbox.now.customer({ vuid })).toEqual(
      sandbox.now.customer({ customer_id: 'C-7' }),
    );
  },
);
