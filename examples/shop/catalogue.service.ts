import { Injectable, NotFoundException } from '@nestjs/common';

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: number;
}

const PRODUCTS: readonly Product[] = [
  { id: 'tea', name: 'Earl Grey', price: 4.5 },
  { id: 'cup', name: 'A cup for it', price: 12 },
  { id: 'pot', name: 'A pot for many', price: 39.9 },
];

@Injectable()
export class CatalogueService {
  list(): Product[] {
    return [...PRODUCTS];
  }

  find(id: string): Product {
    const product = PRODUCTS.find((one) => one.id === id);
    if (product === undefined) throw new NotFoundException(`No product ${id}`);
    return product;
  }

  vipPriceOf({ price }: Product): number {
    return Math.round(price * 90) / 100;
  }
}
