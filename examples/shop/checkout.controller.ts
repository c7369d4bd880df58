import { randomUUID } from 'node:crypto';
import { Body, Controller, Headers, Inject, Post } from '@nestjs/common';
import {
  IsOdpIdentifiers,
  type OdpIdentifiers,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { CartService } from './cart.service.js';
import type { Product } from './catalogue.service.js';

class CheckoutDto {
  /** Checked by the rules that events are checked by: a bad one is a 400 here. */
  @IsOdpIdentifiers()
  customer!: OdpIdentifiers;
}

interface Order {
  readonly id: string;
  readonly total: number;
  readonly items: readonly Product[];
  readonly status: 'paid' | 'empty';
}

@Controller('checkout')
export class CheckoutController {
  constructor(@Inject(CartService) private readonly carts: CartService) {}

  @Post()
  @SendOdpEvent<Order>({
    type: 'order',
    action: 'purchase',
    identifiers: ({ request }) => (request.body as CheckoutDto).customer,
    data: ({ result }) => ({
      order: {
        order_id: result.id,
        total: result.total,
        items: result.items.map(({ id, price }) => ({
          product_id: id,
          price,
          quantity: 1,
        })),
      },
    }),
    when: ({ result }) => result.status === 'paid',
  })
  checkout(
    @Headers('x-session') session = 'anonymous',
    @Body() _customer: CheckoutDto,
  ): Order {
    const { items } = this.carts.of(session);
    this.carts.empty(session);
    return {
      id: randomUUID(),
      total: items.reduce((sum, { price }) => sum + price, 0),
      items,
      status: items.length > 0 ? 'paid' : 'empty',
    };
  }
}
