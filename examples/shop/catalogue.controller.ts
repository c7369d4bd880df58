import { Controller, Get, Inject, Param } from '@nestjs/common';
import { QualifiedSegments, SendOdpEvent } from 'nestjs-optimizely-odp';
import { CatalogueService, type Product } from './catalogue.service.js';

/** A product as it is offered to whoever asks. */
interface Offer extends Product {
  readonly vipPrice?: number;
}

@Controller('products')
export class CatalogueController {
  constructor(
    @Inject(CatalogueService) private readonly catalogue: CatalogueService,
  ) {}

  @Get()
  list(): Product[] {
    return this.catalogue.list();
  }

  /** Who looks at it is known from the web tag's cookie (`identity` in shop.module.ts). */
  @Get(':id')
  @SendOdpEvent<Product>({
    type: 'product',
    action: 'detail',
    data: ({ result }) => ({ product_id: result.id, price: result.price }),
  })
  detail(
    @Param('id') id: string,
    @QualifiedSegments('vip') segments: string[],
  ): Offer {
    const product = this.catalogue.find(id);
    return segments.includes('vip')
      ? { ...product, vipPrice: this.catalogue.vipPriceOf(product) }
      : product;
  }
}
