import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

describe('POST /v3/graphql', () => {
  const start = sandboxes();
  const query = `query($userId: String, $audiences: [String]) {
    customer(fs_user_id: $userId) {
      audiences(subset: $audiences) { edges { node { name state } } }
    }
  }`;
  const ask = (sandbox: Awaited<ReturnType<typeof start>>, body: unknown) =>
    request(sandbox, '/v3/graphql', { body });

  it("answers a customer's audiences, by variables or literals", async () => {
    const sandbox = await start();
    sandbox.setSegments(
      { fs_user_id: 'u1' },
      { vip: 'qualified', churned: 'not_qualified', other: 'qualified' },
    );
    const answer = {
      customer: {
        audiences: {
          edges: [
            { node: { name: 'vip', state: 'qualified' } },
            { node: { name: 'churned', state: 'not_qualified' } },
          ],
        },
      },
    };
    const variables = { userId: 'u1', audiences: ['vip', 'churned', 'nobody'] };
    const literal =
      '{customer(fs_user_id:"u1"){audiences(subset:["vip", "churned"]){edges{node{name state}}}}}';
    for (const body of [{ query, variables }, { query: literal }]) {
      const reply = await ask(sandbox, body);
      expect(reply.status).toBe(200);
      expect(reply.body).toEqual({ data: answer });
    }
  });

  it('finds the customer by any identifier that was stitched to it', async () => {
    const sandbox = await start();
    sandbox.setSegments({ email: 'a@example.com' }, ['vip']);
    await post(
      sandbox,
      anEvent('a', { fs_user_id: 'u1', email: 'a@example.com' }),
    );
    const variables = { userId: 'u1', audiences: ['vip'] };
    expect(await ask(sandbox, { query, variables })).toMatchObject({
      body: {
        data: {
          customer: { audiences: { edges: [{ node: { name: 'vip' } }] } },
        },
      },
    });
  });

  it("answers for an unknown customer with ODP's error, which names it", async () => {
    const sandbox = await start();
    const variables = { userId: 'no"body', audiences: ['vip'] };
    const { status, body } = await ask(sandbox, { query, variables });
    expect(status).toBe(200);
    expect(body).toEqual({
      errors: [
        {
          message:
            'Exception while fetching data (/customer) : java.lang.RuntimeException: could not resolve _fs_user_id = no"body',
          locations: [{ line: 2, column: 5 }],
          path: ['customer'],
          extensions: {
            code: 'INVALID_IDENTIFIER_EXCEPTION',
            classification: 'DataFetchingException',
          },
        },
      ],
      data: { customer: null },
    });
  });

  it('takes aliases, fragments and any identifier, as GraphQL does', async () => {
    const sandbox = await start();
    sandbox.setSegments({ loyalty_id: '7' }, ['vip']);
    const reply = await ask(sandbox, {
      query: `query Q($id: String!) {
        who: customer(loyalty_id: $id) { ...names }
      }
      fragment names on Customer {
        in: audiences { edges { node { __typename name is_ready } } }
      }`,
      variables: { id: '7' },
    });
    const node = { __typename: 'Audience', name: 'vip', is_ready: true };
    expect(reply.body).toEqual({
      data: { who: { in: { edges: [{ node }] } } },
    });
  });

  it.each([
    ['{ customer(', 'InvalidSyntax'],
    ['{ events { type } }', 'ValidationError'],
    ['{ customer(shoe_size: "42") { __typename } }', 'ValidationError'],
  ])('says what is wrong with %s', async (text, classification) => {
    const reply = await ask(await start(), { query: text });
    expect(reply).toMatchObject({
      status: 200,
      body: {
        errors: [
          { message: expect.any(String), extensions: { classification } },
        ],
      },
    });
    expect(reply.body).not.toHaveProperty('data');
  });

  it('lists the segments of the account', async () => {
    const when = { type: 'order' };
    const segments = [{ name: 'buyers', description: 'Bought', when }];
    const sandbox = await start({ segments });
    const all = '{ audiences { edges { node { name description } } } }';
    const reply = await ask(sandbox, { query: all });
    const node = { name: 'buyers', description: 'Bought' };
    expect(reply.body).toEqual({ data: { audiences: { edges: [{ node }] } } });
  });
});
