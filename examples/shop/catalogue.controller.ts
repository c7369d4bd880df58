import { Controller, Get, Inject, Param } from '@nestjs/common';
import { SendOdpEvent } from 'nestjs-optimizely-odp';
import { CatalogueService, type Product } from './catalogue.service.js';

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
  detail(@Param('id') id: string): Product {
    return this.catalogue.find(id);
  }
}
