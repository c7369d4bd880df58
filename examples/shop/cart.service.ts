import { Inject, Injectable } from '@nestjs/common';
import { CatalogueService, type Product } from './catalogue.service.js';

export interface Cart {
  readonly items: readonly Product[];
}

@Injectable()
export class CartService {
  readonly #carts = new Map<string, Cart>();

  constructor(
    @Inject(CatalogueService) private readonly catalogue: CatalogueService,
  ) {}

  add(session: string, productId: string): Cart {
    const product = this.catalogue.find(productId);
    const cart = { items: [...this.of(session).items, product] };
    this.#carts.set(session, cart);
    return cart;
  }

  of(session: string): Cart {
    return this.#carts.get(session) ?? { items: [] };
  }

  empty(session: string): void {
    this.#carts.delete(session);
  }
}
