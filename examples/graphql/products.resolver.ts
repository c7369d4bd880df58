import {
  Args,
  ID,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { SendOdpEvent } from 'nestjs-optimizely-odp';
import { Product } from './product.js';

const PRODUCTS: readonly Product[] = [
  { id: 'tea', name: 'Earl Grey', price: 4.5 },
  { id: 'cup', name: 'A cup for it', price: 12 },
  { id: 'pot', name: 'A pot for many', price: 39.9 },
];

@Resolver(() => Product)
export class ProductsResolver {
  @Query(() => [Product])
  @SendOdpEvent<readonly Product[]>({
    type: 'product',
    action: 'search',
    // The body of a GraphQL request is what the field was asked with.
    data: ({ request, result }) => ({
      ...(request.body as { text: string }),
      hits: result.length,
    }),
  })
  products(
    @Args('text', { type: () => String, defaultValue: '' }) text: string,
  ): readonly Product[] {
    return PRODUCTS.filter(({ name }) => name.toLowerCase().includes(text));
  }

  /** Resolved for each product, told once per request. */
  @ResolveField(() => String)
  @SendOdpEvent({ type: 'product', action: 'stock_shown' })
  stock(@Parent() { id }: Product): string {
    return id === 'pot' ? 'sold out' : 'in stock';
  }

  @Mutation(() => Product, { nullable: true })
  @SendOdpEvent<Product | undefined>({
    type: 'order',
    action: 'purchase',
    data: ({ result }) => ({ product_id: result?.id, total: result?.price }),
    when: ({ result }) => result !== undefined,
  })
  buy(@Args('id', { type: () => ID }) id: string): Product | undefined {
    return PRODUCTS.find((product) => product.id === id);
  }
}
