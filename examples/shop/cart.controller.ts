import { Body, Controller, Headers, Inject, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import { SendOdpEvent } from 'nestjs-optimizely-odp';
import { type Cart, CartService } from './cart.service.js';

class AddToCartDto {
  @IsString()
  product!: string;
}

@Controller('cart')
export class CartController {
  constructor(@Inject(CartService) private readonly carts: CartService) {}

  @Post()
  @SendOdpEvent<Cart>({
    type: 'product',
    action: 'add_to_cart',
    data: ({ result }) => ({ product_id: result.items.at(-1)?.id ?? null }),
  })
  add(
    @Headers('x-session') session = 'anonymous',
    @Body() { product }: AddToCartDto,
  ): Cart {
    return this.carts.add(session, product);
  }
}
