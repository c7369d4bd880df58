import 'reflect-metadata';
import {
  Body,
  ConsoleLogger,
  Controller,
  type INestApplication,
  Module,
  Post,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsEmail, IsOptional, ValidateNested } from 'class-validator';
import {
  IsOdpData,
  IsOdpIdentifiers,
  OdpEventDto,
  type OdpEventData,
  type OdpIdentifiers,
} from 'nestjs-optimizely-odp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventMaker } from '../../src/events/index.js';

/** A user's own body, with the package's decorators on it. */
class SignUpDto {
  @IsEmail()
  email!: string;

  @IsOdpIdentifiers()
  who!: OdpIdentifiers;

  @IsOdpData({ message: 'traits are not what ODP takes' })
  traits?: OdpEventData;

  @IsOptional()
  @IsOdpIdentifiers()
  friend?: OdpIdentifiers;
}

class BatchDto {
  @ValidateNested({ each: true })
  @Type(() => OdpEventDto)
  events!: OdpEventDto[];
}

class RecipientsDto {
  @IsOdpIdentifiers({ each: true })
  @Type(() => Object)
  recipients!: OdpIdentifiers[];
}

@Controller()
class EventsController {
  @Post('events')
  event(@Body() event: OdpEventDto) {
    return { isDto: event instanceof OdpEventDto, event };
  }

  @Post('sign-up')
  signUp(@Body() body: SignUpDto) {
    return body;
  }

  @Post('batch')
  batch(@Body() body: BatchDto) {
    return body;
  }

  @Post('recipients')
  recipients(@Body() body: RecipientsDto) {
    return body;
  }
}

@Module({ controllers: [EventsController] })
class AppModule {}

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const ORDER = {
  type: 'order',
  action: 'purchase',
  identifiers: { email: 'ada@example.com', vuid: null, phone: ' ' },
  data: {
    total: 99.5,
    gift: true,
    coupon: null,
    note: '',
    order: { order_id: 'o-1', items: [{ product_id: 'p-1', price: 5 }] },
  },
};

const adapters = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

const pipes: Record<string, ValidationPipeOptions> = {
  'no options': {},
  whitelist: { whitelist: true },
  'whitelist and transform': { whitelist: true, transform: true },
  forbidNonWhitelisted: {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
  },
  enableImplicitConversion: {
    whitelist: true,
    transform: true,
    transformOptions: { enableImplicitConversion: true },
  },
};

const cases = Object.entries(adapters).flatMap(([adapter, adapterOf]) =>
  Object.entries(pipes).map(
    ([pipe, options]) => [adapter, pipe, adapterOf, options] as const,
  ),
);

describe.each(cases)(
  '%s, ValidationPipe with %s',
  (_a, _p, adapterOf, options) => {
    let app: INestApplication;
    let url: string;

    beforeAll(async () => {
      app = await NestFactory.create(AppModule, adapterOf(), {
        logger: new ConsoleLogger({ logLevels: [] }),
      });
      app.useGlobalPipes(new ValidationPipe(options));
      await app.listen(0, '127.0.0.1');
      url = await app.getUrl();
    });
    afterAll(() => app.close());

    /** Text goes as it is. */
    async function post(path: string, body: unknown): Promise<Reply> {
      const response = await fetch(`${url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
      };
    }

    it('lets an event through whole, and it can be sent', async () => {
      const { status, body } = await post('events', ORDER);
      expect(status).toBe(201);
      expect(body).toEqual({ isDto: options.transform === true, event: ORDER });
      const maker = new EventMaker({
        commonData: {},
        eventTime: false,
        now: () => 0,
      });
      expect(
        JSON.parse(maker.make(body.event as OdpEventDto).payload),
      ).toMatchObject({
        ...ORDER,
        identifiers: { email: 'ada@example.com' },
      });
    });

    it.each([undefined, null, ''])('takes the type %j', async (type) => {
      expect((await post('events', { ...ORDER, type })).status).toBe(201);
    });

    it('takes an event without type and data', async () => {
      const { action, identifiers } = ORDER;
      expect((await post('events', { action, identifiers })).status).toBe(201);
      expect(
        (await post('events', { action, identifiers, data: null })).status,
      ).toBe(201);
    });

    it('answers 400 with every path and reason, and no value', async () => {
      const { status, body } = await post('events', {
        type: 't'.repeat(1025),
        action: ' ',
        identifiers: { email: ['s3cret'], phone: 5 },
        data: {
          total: { s3cret: 1 },
          order: { items: [{ product_id: null, price: ['s3cret'] }] },
        },
      });
      expect(status).toBe(400);
      expect(body.message).toEqual([
        'type must have at most 1024 characters',
        'action must be a string that is not blank',
        'identifiers.email must be a string, not an object or list; identifiers.phone must be a string, not a number',
        expect.stringMatching(
          /^data\.total must be .*; data\.order\.items\[0\]\.price must be .*; data\.order\.items\[0\]\.product_id is required: .*; data\.order\.order_id is required: /,
        ),
      ]);
      expect(JSON.stringify(body)).not.toContain('s3cret');
    });

    it.each([
      {},
      [[]],
      { action: 'a', identifiers: [] },
      { action: 'a', identifiers: 'ada@example.com' },
      { identifiers: { vuid: 'v' } },
      { action: 'a', identifiers: { vuid: 'v' }, data: [] },
      { action: 'a', identifiers: { vuid: 'v' }, data: 'text' },
      { action: 'a', identifiers: { vuid: 'v' }, data: { order: {} } },
      { action: 'a', identifiers: { vuid: 'v' }, data: { idempotence_id: '' } },
    ])('answers 400 to %j', async (body) => {
      expect((await post('events', body)).status).toBe(400);
    });

    it.each([
      { action: 'a' },
      { action: 'a', identifiers: null },
      { action: 'a', identifiers: {} },
      { action: 'a', identifiers: { email: '' } },
    ])('leaves to the service whom %j is about', async (body) => {
      expect((await post('events', body)).status).toBe(201);
    });

    it('answers hostile bodies without failing', async () => {
      for (const hostile of [
        '{"action":"a","identifiers":{"vuid":"v","__proto__":{"polluted":"yes"}}}',
        '{"action":"a","identifiers":{"vuid":"v"},"data":{"__proto__":{"polluted":"yes"}}}',
        '{"__proto__":{"action":"a"},"identifiers":{"vuid":"v"}}',
        `{"action":"a","identifiers":{"vuid":"v"},"data":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}}`,
        `{"action":"a","identifiers":{"vuid":"v"},"data":{"order":{"order_id":1,"items":[${'0,'.repeat(9000)}0]}}}`,
        '{"action":"a","identifiers":{"vuid":"v"},"data":{"n":1e400}}',
        '{"action":"a","identifiers":{"vuid":"v"},"data":{"constructor":"c"}}',
        '{"action":"a","identifiers":{"vuid":"v","constructor":{"prototype":{"polluted":1}}}}',
        '{"action":"a","identifiers":{"vuid":"v"},"data":{"order":{"order_id":1,"constructor":null}}}',
      ]) {
        const { status, body } = await post('events', hostile);
        expect([201, 400], hostile.slice(0, 100)).toContain(status);
        expect(JSON.stringify(body).length).toBeLessThan(5000);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }
    });

    it('whitelisting takes only what is not part of the event', async () => {
      const { status, body } = await post('events', { ...ORDER, admin: true });
      if (options.forbidNonWhitelisted === true) {
        expect(status).toBe(400);
        expect(body.message).toEqual(['property admin should not exist']);
      } else {
        expect(body.event).toEqual(
          options.whitelist === true ? ORDER : { ...ORDER, admin: true },
        );
      }
    });

    it("serves on users' own DTOs", async () => {
      const right = {
        email: 'ada@example.com',
        who: { vuid: 'v', fs_user_id: null },
        traits: { plan: 'pro', seats: 3 },
      };
      expect(await post('sign-up', right)).toEqual({
        status: 201,
        body: right,
      });

      const wrong = {
        email: 'x',
        who: { vuid: ' ' },
        traits: { a: [] },
        friend: { vuid: 5 },
      };
      expect(await post('sign-up', wrong)).toMatchObject({
        status: 400,
        body: {
          message: [
            'email must be an email',
            'who must hold at least one identifier that is a non-blank string; who.vuid is blank',
            'traits are not what ODP takes',
            'friend.vuid must be a string, not a number',
          ],
        },
      });
    });

    it('serves nested, each with its place', async () => {
      expect((await post('batch', { events: [ORDER, ORDER] })).status).toBe(
        201,
      );
      expect(
        await post('batch', { events: [ORDER, { ...ORDER, action: '' }] }),
      ).toMatchObject({
        status: 400,
        body: {
          message: ['events.1.action must be a string that is not blank'],
        },
      });
    });

    it('serves on lists, each with its place', async () => {
      expect(
        (await post('recipients', { recipients: [{ vuid: 'v' }] })).status,
      ).toBe(201);
      expect(
        await post('recipients', { recipients: [{ vuid: 'v' }, { vuid: 5 }] }),
      ).toMatchObject({
        status: 400,
        body: {
          message: ['recipients[1].vuid must be a string, not a number'],
        },
      });
    });
  },
);
