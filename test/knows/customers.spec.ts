import 'reflect-metadata';
import { inspect } from 'node:util';
import {
  Body,
  Controller,
  Post,
  type Type,
  ValidationPipe,
} from '@nestjs/common';
import {
  DocumentBuilder,
  OmitType,
  PartialType,
  SwaggerModule,
} from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import {
  OdpApiError,
  type OdpCustomer,
  OdpCustomerDto,
  OdpCustomersError,
  OdpNotIntegratedError,
  OdpValidationError,
} from 'nestjs-optimizely-odp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type OdpTestApp, startOdpApp } from '../support/odp-app.js';
import { soon } from '../support/soon.js';

const email = 'ada.lovelace@example.com';

const people = (count: number): OdpCustomer[] =>
  Array.from({ length: count }, (_, n) => ({
    identifiers: { email: `${n}@example.com` },
    attributes: { n },
  }));

const failure = async <T>(
  asked: Promise<unknown>,
  type: new (...args: never[]) => T,
): Promise<T> => {
  const error: unknown = await asked.then(
    () => expect.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(type);
  return error as T;
};

const sizes = ({ sandbox }: OdpTestApp) =>
  sandbox.requests().map(({ body }) => (body as unknown[]).length);

/** Moves time on until it is done. */
async function whileTimePasses<T>(
  { clock }: OdpTestApp,
  done: Promise<T>,
): Promise<T> {
  let isDone = false;
  const watched = done.finally(() => {
    isDone = true;
  });
  watched.catch(() => {});
  await soon(async () => {
    await clock.advance(100);
    expect(isDone).toBe(true);
  });
  return watched;
}

describe('odp.customers.update', () => {
  it('creates and updates customers', async () => {
    const { odp, sandbox } = await startOdpApp();
    expect(
      await odp.customers.update({
        identifiers: { email, phone: '  ', 'FS-USER-ID': 'u1' },
        attributes: {
          first_name: 'Ada',
          age: 36,
          member: true,
          left: undefined,
        },
      }),
    ).toEqual({ updated: 1 });
    await odp.customers.update({
      identifiers: { email },
      attributes: { age: 37, email },
    });
    expect(sandbox.requests()).toMatchObject([
      {
        method: 'POST',
        path: '/v3/profiles',
        body: [
          {
            attributes: {
              email,
              fs_user_id: 'u1',
              first_name: 'Ada',
              age: 36,
              member: true,
            },
          },
        ],
      },
      { body: [{ attributes: { email, age: 37 } }] },
    ]);
    expect(sandbox.customer({ email })?.attributes).toMatchObject({
      first_name: 'Ada',
      age: 37,
    });
    expect(sandbox.events()).toEqual([]);
  });

  it('sends 500 at a time, in order, and nothing for nobody', async () => {
    const app = await startOdpApp();
    expect(await app.odp.customers.update(people(1201))).toEqual({
      updated: 1201,
    });
    expect(sizes(app)).toEqual([500, 500, 201]);
    expect(await app.odp.customers.update([])).toEqual({ updated: 0 });
    expect(sizes(app)).toHaveLength(3);
  });

  it('sends less at a time if they are large', async () => {
    const app = await startOdpApp();
    const bio = 'x'.repeat(400_000);
    await app.odp.customers.update(
      people(5).map((one) => ({ ...one, attributes: { bio } })),
    );
    expect(sizes(app)).toEqual([2, 2, 1]);
  });

  it('keeps to ten requests per second, whoever asks, by waiting', async () => {
    const app = await startOdpApp();
    const { odp, sandbox, clock } = app;
    const asked = Promise.all([
      odp.customers.update(people(500 * 6)),
      ...people(6).map((one) => odp.customers.update(one)),
      odp.customers.get({ email }),
    ]);
    await soon(() => expect(sandbox.requests()).toHaveLength(10));
    await clock.advance(999);
    expect(sandbox.requests()).toHaveLength(10);
    await whileTimePasses(app, asked);
    expect(sandbox.requests()).toHaveLength(13);
  });

  it('repeats what failed for the moment, within the limit', async () => {
    const app = await startOdpApp();
    app.sandbox.fail({ status: 503, times: 2 });
    expect(
      await whileTimePasses(app, app.odp.customers.update(people(2))),
    ).toEqual({ updated: 2 });
    expect(sizes(app)).toEqual([2, 2, 2]);
  });

  it('names those that ODP refuses by their place, and updates all others', async () => {
    const app = await startOdpApp();
    const { odp, sandbox } = app;
    sandbox.fail({
      invalid: (one) =>
        ['3@example.com', '700@example.com'].includes(
          String((one as { email?: unknown }).email),
        ),
      message: 'no such e-mail: 700@example.com. 3@EXAMPLE.COM\nforged',
    });
    const error = await failure(
      odp.customers.update(people(1001)),
      OdpCustomersError,
    );
    expect(error).toMatchObject({
      code: 'customersFailed',
      status: 400,
      updated: 999,
      invalids: [
        {
          index: 3,
          message: expect.stringContaining('no such e-mail') as string,
        },
        {
          index: 700,
          message: expect.stringContaining('no such e-mail') as string,
        },
      ],
      failed: [],
    });
    expect(sandbox.customers()).toHaveLength(999);
    expect(inspect(error, { depth: 9 })).not.toContain('example.com');
    expect(inspect(error, { depth: 9 }).toLowerCase()).not.toContain('3@');
  });

  it('gives up on an ODP that names others each time', async () => {
    const app = await startOdpApp();
    app.sandbox.fail({
      status: 400,
      body: JSON.stringify({
        detail: { invalids: [{ event: 0, message: 7 }] },
      }),
    });
    const error = await failure(
      app.odp.customers.update(people(100)),
      OdpCustomersError,
    );
    expect(error.invalids.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(error.failed).toHaveLength(95);
    expect(sizes(app)).toEqual([100, 99, 98, 97, 96]);
  });

  it('takes no word for it that names nobody', async () => {
    const app = await startOdpApp();
    const invalids = [
      { event: -1 },
      { event: 3 },
      { event: '0' },
      { event: 0.5 },
      null,
    ];
    app.sandbox.fail({
      status: 400,
      body: JSON.stringify({ detail: { invalids } }),
    });
    const error = await failure(
      app.odp.customers.update(people(3)),
      OdpCustomersError,
    );
    expect(error).toMatchObject({ invalids: [], failed: [0, 1, 2] });
    expect(sizes(app)).toEqual([3]);
  });

  it('says which were not updated when ODP fails on the way, and tries no more', async () => {
    const app = await startOdpApp();
    const { odp, sandbox } = app;
    const stop = sandbox.onRequest(() => {
      stop();
      sandbox.fail({ status: 403 });
    });
    const error = await failure(
      odp.customers.update(people(1200)),
      OdpCustomersError,
    );
    expect(error).toMatchObject({ status: 403, updated: 500, invalids: [] });
    expect(error.failed).toEqual(
      Array.from({ length: 700 }, (_, n) => 500 + n),
    );
    expect(sizes(app)).toEqual([500, 500]);
  });

  it('lets a refused request without names cost no other', async () => {
    const app = await startOdpApp();
    const { odp, sandbox } = app;
    sandbox.fail({
      status: 400,
      times: 1,
      body: JSON.stringify({ detail: { message: `bad: ${email}` } }),
    });
    const error = await failure(
      odp.customers.update(people(501)),
      OdpCustomersError,
    );
    expect(error).toMatchObject({ status: 400, updated: 1 });
    expect(error.failed).toHaveLength(500);
    expect(error.message).not.toContain(email);
  });

  it.each([
    [undefined, 'customer'],
    [7, 'customer'],
    [{}, 'identifiers'],
    [{ identifiers: { email: ' ' } }, 'identifiers'],
    [{ identifiers: { email: 7 } }, 'identifiers.email'],
    [{ identifiers: { email: 'undefined' } }, 'identifiers.email'],
    [{ identifiers: { email }, attributes: 7 }, 'attributes'],
    [{ identifiers: { email }, attributes: { a: {} } }, 'attributes.a'],
    [{ identifiers: { email }, attributes: { a: [1] } }, 'attributes.a'],
    [{ identifiers: { email }, attributes: { a: NaN } }, 'attributes.a'],
    [{ identifiers: { email }, attributes: { order: {} } }, 'attributes.order'],
    [
      { identifiers: { email }, attributes: { email: 'b@c.org' } },
      'attributes.email',
    ],
    [{ identifiers: { email }, attributes: { ' ': 1 } }, 'attributes'],
    [{ identifiers: { email }, first_name: 'Ada' }, 'customer.first_name'],
  ])('refuses what is no customer: case %#', async (customer, path) => {
    const { odp, sandbox } = await startOdpApp();
    const one = await failure(
      odp.customers.update(customer as never),
      OdpValidationError,
    );
    expect(one.violations).toMatchObject([{ path }]);
    expect(one.message).toMatch(/^The customer is invalid/);
    expect(one.message).not.toContain('lovelace');
    const many = await failure(
      odp.customers.update([...people(2), customer as never]),
      OdpValidationError,
    );
    expect(many.violations).toMatchObject([{ path: `[2].${path}` }]);
    expect(sandbox.requests()).toEqual([]);
  });

  it.each([
    [{ email }, { first_name: 'a', First_Name: 'b' }, 'attributes.First_Name'],
    [
      { email },
      { 'first-name': 'a', first_name: 'b' },
      'attributes.first_name',
    ],
    [
      { email },
      { firstname: 'a', 'first name': 'b' },
      'attributes[a name of 10 characters]',
    ],
    // ODP might merge Ada with Bob.
    [{ email }, { EMail: 'bob@example.com' }, 'attributes.EMail'],
    [{ email, Email: 'b@c.org' }, {}, 'identifiers.Email'],
    [{ fs_user_id: 'u1' }, { 'FS-USER-ID': 'u2' }, 'attributes.FS-USER-ID'],
  ])(
    'refuses names that ODP may take for one: case %#',
    async (identifiers, attributes, path) => {
      const { odp, sandbox } = await startOdpApp();
      const { violations } = await failure(
        odp.customers.update({ identifiers, attributes }),
        OdpValidationError,
      );
      expect(violations).toEqual([
        {
          path,
          message: expect.stringMatching(
            /^differs from [\w-]+ only in case, blanks or hyphens/,
          ) as string,
        },
      ]);
      expect(sandbox.requests()).toEqual([]);
    },
  );

  it('takes names that are merely similar', async () => {
    const { odp } = await startOdpApp();
    const attributes = {
      first_name: 'a',
      firstname: 'b',
      Nickname: 'c',
      nickname: undefined,
      'pet name': 'd',
      'FS-USER-ID': 'u1',
    };
    expect(
      await odp.customers.update({ identifiers: { email }, attributes }),
    ).toEqual({ updated: 1 });
  });

  it('keeps hostile names and values what they are', async () => {
    const { odp, sandbox } = await startOdpApp();
    const attributes = JSON.parse(
      '{"a\\"}],[{\\"b":"\\u0000\\n\\"}]","constructor":"x","__typename":"y","😀":"\\ud800"}',
    ) as Record<string, string>;
    await odp.customers.update({ identifiers: { email }, attributes });
    expect(sandbox.requests()[0]?.body).toEqual([
      { attributes: { email, ...attributes, '😀': '\ufffd' } },
    ]);
  });

  it('ends as soon as its caller has left, and with the app', async () => {
    const app = await startOdpApp();
    const { odp, sandbox } = app;
    sandbox.fail({ hang: true });
    const leaving = new AbortController();
    const reason = new Error('gone');
    const left = odp.customers
      .update(people(1), { signal: leaving.signal })
      .catch((error: unknown) => error);
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    leaving.abort(reason);
    expect(await left).toBe(reason);

    const cut = failure(
      odp.customers.update(people(500 * 20)),
      OdpCustomersError,
    );
    await soon(() => expect(sandbox.requests()).toHaveLength(2));
    await app.close();
    expect((await cut).failed).toHaveLength(10_000);
    await expect(odp.customers.update(people(1))).rejects.toMatchObject({
      code: 'sdkNotReady',
    });
  });

  it('does nothing without an account', async () => {
    const { odp } = await startOdpApp({ apiKey: undefined });
    await failure(odp.customers.update(people(1)), OdpNotIntegratedError);
  });

  it('logs a failure that nobody awaits, and ends no process', async () => {
    const { odp, log } = await startOdpApp();
    void odp.customers.update({ identifiers: {} });
    await soon(() =>
      expect(log.map(({ message }) => message).join()).toContain(
        'Nobody awaited',
      ),
    );
  });
});

describe('odp.customers.get', () => {
  it('returns what ODP knows, and undefined for whom it does not know', async () => {
    const { odp, sandbox } = await startOdpApp();
    await odp.customers.update({
      identifiers: { email },
      attributes: { first_name: 'Ada' },
    });
    expect(await odp.customers.get({ vuid: 'v1', email })).toEqual({
      attributes: { email, first_name: 'Ada' },
    });
    expect(
      await odp.customers.get({ email: 'no&vuid=b@c.org' }),
    ).toBeUndefined();
    expect(
      sandbox
        .requests()
        .map(({ path }) => path)
        .slice(1),
    ).toEqual([
      '/v3/profiles?email=ada.lovelace%40example.com',
      '/v3/profiles?email=no%26vuid%3Db%40c.org',
    ]);
  });

  it('fails if ODP is away, or answers what it cannot read', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.fail({
      status: 403,
      times: 1,
      body: JSON.stringify({ message: `Forbidden for ${email}` }),
    });
    const error = await failure(odp.customers.get({ email }), OdpApiError);
    expect(error).toMatchObject({ code: 'apiFailed', status: 403 });
    expect(error.reason).toContain('Forbidden for');
    expect(inspect(error)).not.toContain('lovelace');
    sandbox.fail({ status: 200, times: 1, body: '[]' });
    expect(
      (await failure(odp.customers.get({ email }), OdpApiError)).reason,
    ).toBe('the answer could not be read');
    await failure(odp.customers.get({}), OdpValidationError);
  });
});

/** An app of one controller, with a ValidationPipe. */
async function validatingApp(controller: Type) {
  const module = await Test.createTestingModule({
    controllers: [controller],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  return app;
}

it('OdpCustomerDto holds the same rules under a ValidationPipe', async () => {
  @Controller('customers')
  class CustomersController {
    @Post()
    update(@Body() customer: OdpCustomerDto) {
      return customer;
    }
  }
  const app = await validatingApp(CustomersController);
  const post = async (body: unknown) => {
    const response = await fetch(`${await app.getUrl()}/customers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const good = { identifiers: { email }, attributes: { a: 1 } };
  expect(await post(good)).toEqual(good);
  expect(await post({ identifiers: { email } })).toEqual({
    identifiers: { email },
  });
  expect(await post({ identifiers: {}, attributes: { a: [] } })).toMatchObject({
    statusCode: 400,
    message: [
      expect.stringMatching(/^identifiers must hold/) as string,
      expect.stringMatching(/^attributes\.a must be/) as string,
    ],
  });
  expect(await post({ attributes: { a: 1 } })).toMatchObject({
    statusCode: 400,
  });
  expect(
    await post({
      identifiers: { email, Email: email },
      attributes: { a: 1, A: 1 },
    }),
  ).toMatchObject({
    statusCode: 400,
    message: [
      expect.stringMatching(/^identifiers\.Email differs from email/) as string,
      expect.stringMatching(/^attributes\.A differs from a/) as string,
    ],
  });
});

it('OdpCustomerDto shows its fields in the document of @nestjs/swagger, and so do types mapped from it', async () => {
  class PatchDto extends PartialType(OdpCustomerDto) {}
  class WhoDto extends OmitType(OdpCustomerDto, ['attributes']) {}
  @Controller()
  class CustomersController {
    @Post('customer')
    customer(@Body() customer: OdpCustomerDto) {
      return customer;
    }

    @Post('patch')
    patch(@Body() patch: PatchDto) {
      return patch;
    }

    @Post('who')
    who(@Body() who: WhoDto) {
      return who;
    }
  }
  const app = await validatingApp(CustomersController);
  const { schemas } = SwaggerModule.createDocument(
    app,
    new DocumentBuilder().build(),
  ).components!;
  expect(schemas).toMatchObject({
    OdpCustomerDto: {
      type: 'object',
      required: ['identifiers'],
      properties: {
        identifiers: {
          type: 'object',
          additionalProperties: { type: 'string', nullable: true },
        },
        attributes: { type: 'object', additionalProperties: true },
      },
    },
    PatchDto: {
      properties: { identifiers: {}, attributes: { type: 'object' } },
    },
  });
  expect(schemas!['PatchDto']).not.toHaveProperty('required');
  expect(schemas!['WhoDto']).not.toHaveProperty('properties.attributes');

  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${await app.getUrl()}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const attributes = { a: 1 };
  expect(await post('patch', { attributes })).toEqual({ attributes });
  expect(await post('patch', { attributes: { a: [] } })).toMatchObject({
    statusCode: 400,
  });
  expect(await post('who', { identifiers: { email }, attributes })).toEqual({
    identifiers: { email },
  });
});
