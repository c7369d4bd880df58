import { Test } from '@nestjs/testing';
import { OdpService, OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { ManualClock } from 'nestjs-optimizely-odp/testing';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';

afterEach(() => void vi.useRealTimers());

const event = { action: 'paid', identifiers: { email: 'ada@example.com' } };

test.each(['before', 'after'])(
  'timers that an app’s test fakes %s the boot hold up no retry, flush, wait or close',
  async (when) => {
    const sandbox = await OdpSandbox.start();
    onTestFinished(() => sandbox.close());
    if (when === 'before') vi.useFakeTimers();
    const module = await Test.createTestingModule({
      imports: [
        OptimizelyOdpModule.forRoot({
          apiKey: 'key',
          apiHost: sandbox.url,
          delivery: { retry: { delay: 1, maxDelay: 1 } },
        }),
      ],
    })
      .setLogger({ log() {}, warn() {}, error() {} })
      .compile();
    await module.init();
    if (when === 'after') vi.useFakeTimers();
    const odp = module.get(OdpService);
    sandbox.fail({ status: 503, times: 1 });
    await odp.sendOdpEvent(event);
    expect(await odp.flush()).toEqual({ pending: 0 });
    sandbox.fail({ status: 503, times: 1 });
    await odp.sendOdpEvent(event, { awaitDelivery: true });
    sandbox.fail({ status: 503, times: 1 });
    odp.trackOdpEvent(event);
    await module.close();
    expect(sandbox.events()).toHaveLength(3);
  },
);

test('ManualClock moves on, whatever timers a test fakes', async () => {
  vi.useFakeTimers();
  const clock = new ManualClock();
  const woken = vi.fn();
  clock.schedule(woken, 1000, false);
  await clock.advance(1000);
  expect(woken).toHaveBeenCalledOnce();
});
