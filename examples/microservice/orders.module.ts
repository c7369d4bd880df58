import { Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import { odpConfig } from 'nestjs-optimizely-odp/config';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    OptimizelyOdpModule.forRootAsync({
      imports: [ConfigModule.forFeature(odpConfig)],
      inject: [odpConfig.KEY],
      useFactory: (config: ConfigType<typeof odpConfig>) => ({
        ...config,
        // The payload's user, since the gateway has put it there.
        identity: ({ user }) => ({ email: user?.email, vuid: user?.vuid }),
      }),
    }),
  ],
  controllers: [OrdersController],
})
export class OrdersModule {}
