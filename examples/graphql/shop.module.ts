import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { GraphQLModule } from '@nestjs/graphql';
import { OptimizelyOdpModule, webVisitor } from 'nestjs-optimizely-odp';
import { odpConfig } from 'nestjs-optimizely-odp/config';
import { ProductsResolver } from './products.resolver.js';

@Module({
  imports: [
    OptimizelyOdpModule.forRootAsync({
      imports: [ConfigModule.forFeature(odpConfig)],
      inject: [odpConfig.KEY],
      useFactory: (config: ConfigType<typeof odpConfig>) => ({
        ...config,
        identity: webVisitor(),
      }),
    }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      // Without it Nest runs no interceptors for field resolvers.
      fieldResolverEnhancers: ['interceptors'],
    }),
  ],
  providers: [ProductsResolver],
})
export class ShopModule {}
