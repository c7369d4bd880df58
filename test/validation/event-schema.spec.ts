import {
  Body,
  Controller,
  Inject,
  Post,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { DocumentBuilder, PartialType, SwaggerModule } from '@nestjs/swagger';
import {
  type OdpEvent,
  OdpEventDto,
  odpEventSchema,
  OdpService,
} from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import {
  arrived,
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from '../decorators/support.js';

const sandbox = useSandbox();
const start = useApps();

class PatchDto extends PartialType(OdpEventDto) {}

@Controller()
class EventsController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Post('events')
  send(@Body({ schema: odpEventSchema }) event: OdpEvent) {
    return this.odp.sendOdpEvent(event);
  }

  @Post('dto')
  dto(@Body() event: OdpEventDto) {
    return event;
  }

  @Post('patch')
  patch(@Body() event: PatchDto) {
    return event;
  }
}

for (const platform of platforms) {
  test(`${platform}: Nest's own pipe validates a body by the schema`, async () => {
    const app = await start({
      platform,
      imports: [
        odpModule(sandbox.now, { identity: () => ({ vuid: 'v'.repeat(32) }) }),
      ],
      controllers: [EventsController],
      before: (one) => one.useGlobalPipes(new StandardSchemaValidationPipe()),
    });
    const post = async (body: unknown) => {
      const response = await fetch(`${app.url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    // Who it is about is for identity to say.
    expect(await post({ action: 'paid', data: { total: 1 } })).toMatchObject({
      status: 201,
    });
    expect(
      await post({
        action: ' ',
        identifiers: { email: 5 },
        data: { order: { order_id: 1, items: [{}] }, 'a b': {} },
        userId: 's3cret',
      }),
    ).toEqual({
      status: 400,
      body: expect.objectContaining({
        message: [
          expect.stringMatching(/^event\.userId: is not a field/),
          expect.stringMatching(/^action: /),
          expect.stringMatching(/^identifiers\.email: must be a string/),
          expect.stringMatching(/^data\.order\.items\.0\.product_id: /),
          expect.stringMatching(
            /^data: has a field, of a name of 3 characters, that must be a string/,
          ),
        ] as unknown,
      }) as unknown,
    });
    expect(await post([])).toMatchObject({ status: 400 });
    const [event] = await arrived(sandbox.now, app);
    expect(event).toMatchObject({ action: 'paid', data: { total: 1 } });
  });
}

test('the document of @nestjs/swagger shows the fields of the DTO, and of types mapped from it', async () => {
  const { app } = await start({
    imports: [odpModule(sandbox.now)],
    controllers: [EventsController],
  });
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder().build(),
  );
  const { OdpEventDto: dto, PatchDto: patch } = document.components!
    .schemas as Record<string, { properties?: object; required?: string[] }>;
  expect(dto).toMatchObject({
    type: 'object',
    required: ['action'],
    properties: {
      type: { type: 'string', default: 'fullstack', maxLength: 1024 },
      action: { type: 'string', minLength: 1 },
      identifiers: {
        type: 'object',
        additionalProperties: { type: 'string', nullable: true },
      },
      data: { type: 'object', additionalProperties: true },
    },
  });
  expect(Object.keys(patch?.properties ?? {})).toEqual(
    Object.keys(dto?.properties ?? {}),
  );
  expect(patch?.required).toBeUndefined();
});
