import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { OdpService, SendOdpEvent } from 'nestjs-optimizely-odp';
import type { Order, PlaceOrder } from './order.js';

@Controller()
export class OrdersController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @MessagePattern('orders.place')
  @SendOdpEvent<Order>({
    type: 'order',
    action: 'purchase',
    data: ({ result }) => ({ order_id: result.id, product_id: result.product }),
  })
  place(@Payload() { product }: PlaceOrder): Order {
    return { id: randomUUID(), product };
  }

  /** No decorator: the service knows who is calling as well. */
  @EventPattern('orders.viewed')
  viewed(@Payload() { product }: PlaceOrder): void {
    this.odp.trackOdpEvent({
      type: 'product',
      action: 'detail',
      data: { product_id: product },
    });
  }
}
