import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Inject,
  Injectable,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { OdpService, SendOdpEvent, webVisitor } from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import {
  arrived,
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from './support.js';

const VUID = '1b6cd62e8fd14b6f8cbe2f0bbd8f9a4c';
const ada = 'ada@example.com';
const bob = 'bob@example.com';

interface Session {
  user?: { email: string } | null;
}

@Injectable()
class SignedIn implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest();
    if (request.headers['x-email'])
      request.user = { email: request.headers['x-email'] };
    return true;
  }
}

@Controller()
@UseGuards(SignedIn)
class SessionController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Post('login')
  @SendOdpEvent({ action: 'login' })
  login(@Req() request: Session) {
    request.user = { email: bob };
  }

  @Post('logout')
  @SendOdpEvent({ action: 'logout' })
  @SendOdpEvent({
    action: 'its own function',
    identifiers: ({ request }) => ({ email: request.user?.email }),
  })
  async logout(@Req() request: Session) {
    request.user = null;
    await this.odp.sendOdpEvent({ action: 'of a service' });
  }
}

const sandbox = useSandbox();
const start = useApps();

test.each(platforms)(
  '%s: a login is known after the handler, a logout before it',
  async (platform) => {
    const app = await start({
      platform,
      imports: [
        odpModule(sandbox.now, {
          identity: (request) => ({
            ...webVisitor()(request),
            email: request.user?.email,
          }),
        }),
      ],
      controllers: [SessionController],
    });
    const post = async (path: string, email?: string) => {
      await fetch(`${app.url}/${path}`, {
        method: 'POST',
        headers: {
          cookie: `vuid=${VUID}`,
          ...(email === undefined ? {} : { 'x-email': email }),
        },
      });
      const events = await arrived(sandbox.now, app);
      sandbox.now.reset();
      return events.map(({ identifiers }) => identifiers);
    };
    const known = (email: string) => ({ vuid: VUID, email });
    expect(await post('login')).toEqual([known(bob)]);
    expect(await post('logout', ada)).toEqual([
      known(ada),
      known(ada),
      known(ada),
    ]);
    // Who is there after the handler counts.
    expect(await post('login', ada)).toEqual([known(bob)]);
  },
);
