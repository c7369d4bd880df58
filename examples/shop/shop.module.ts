import { Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { OptimizelyOdpModule, webVisitor } from 'nestjs-optimizely-odp';
import { odpConfig } from 'nestjs-optimizely-odp/config';
import { CartController } from './cart.controller.js';
import { CartService } from './cart.service.js';
import { CatalogueController } from './catalogue.controller.js';
import { CatalogueService } from './catalogue.service.js';
import { CheckoutController } from './checkout.controller.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';

@Module({
  imports: [
    OptimizelyOdpModule.forRootAsync({
      imports: [ConfigModule.forFeature(odpConfig)],
      inject: [odpConfig.KEY],
      useFactory: (config: ConfigType<typeof odpConfig>) => ({
        ...config,
        identity: webVisitor(),
        // So that a vip's price appears while you watch; ten minutes by default.
        segments: { cacheTimeout: '1s' },
      }),
    }),
  ],
  controllers: [
    CatalogueController,
    CartController,
    CheckoutController,
    LoginController,
  ],
  providers: [CatalogueService, CartService, LoginService],
})
export class ShopModule {}
