import 'reflect-metadata';
import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import {
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';

@Injectable()
class LoginService {
  constructor(private readonly odp: OdpService) {}

  async login(email: string) {
    await this.odp.sendOdpEvent({
      type: 'account',
      action: 'login',
      identifiers: { email },
    });
  }
}

@Controller()
class ShopController {
  constructor(private readonly logins: LoginService) {}

  @Post('login')
  async login(@Body() { email }: { email: string }) {
    await this.logins.login(email);
  }

  @Post('checkout')
  @SendOdpEvent<{ id: string }>({
    type: 'order',
    action: 'purchase',
    identifiers: ({ request }) => ({
      email: (request.body as { email: string }).email,
    }),
    data: ({ result }) => ({ order_id: result.id }),
  })
  checkout() {
    return { id: '42' };
  }
}

export const shopModule = (apiHost: string) => {
  @Module({
    imports: [OptimizelyOdpModule.forRoot({ apiKey: 'test-key', apiHost })],
    controllers: [ShopController],
    providers: [LoginService],
  })
  class ShopModule {}
  return ShopModule;
};
