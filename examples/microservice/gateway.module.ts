import { Body, Controller, Inject, Module, Post, Req } from '@nestjs/common';
import {
  ClientProxy,
  ClientsModule,
  type TcpClientOptions,
  Transport,
} from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import type { Order, PlaceOrder } from './order.js';

const ORDERS = 'ORDERS';
export const ordersPort = Number(process.env.ORDERS_PORT ?? 3001);
export const ordersOptions: TcpClientOptions = {
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: ordersPort },
};

/** What a browser talks to; it knows nothing of ODP. */
@Controller('orders')
export class GatewayController {
  constructor(@Inject(ORDERS) private readonly orders: ClientProxy) {}

  @Post()
  place(
    @Body() body: { product: string; email?: string },
    @Req() request: { headers: { cookie?: string } },
  ): Observable<Order> {
    const vuid = /\bvuid=([\da-f]{32})/.exec(request.headers.cookie ?? '')?.[1];
    const order: PlaceOrder = {
      product: body.product,
      user: { email: body.email, vuid },
    };
    this.orders.emit('orders.viewed', order);
    return this.orders.send('orders.place', order);
  }
}

@Module({
  imports: [ClientsModule.register([{ name: ORDERS, ...ordersOptions }])],
  controllers: [GatewayController],
})
export class GatewayModule {}
