import { Inject, Injectable } from '@nestjs/common';
import { OdpService } from 'nestjs-optimizely-odp';

@Injectable()
export class LoginService {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  async login(email: string): Promise<void> {
    // The visitor's vuid comes from the request: from here on ODP knows both as one customer.
    await this.odp.identify({ email });
    await this.odp.sendOdpEvent({
      type: 'account',
      action: 'login',
      identifiers: { email },
    });
  }
}
