import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { identifierRedactor } from './redact.js';

const payload = (identifiers: Record<string, string>) =>
  JSON.stringify({ identifiers });

const redact = (message: string, ...values: string[]) =>
  identifierRedactor(values.map((email) => payload({ email })))(message);

test('blacks out identifier values wherever ODP repeats them, in any case', () => {
  expect(
    redact(
      "email 'ADA@example.com' (ada@example.com) is invalid",
      'Ada@Example.com',
    ),
  ).toBe("email '[identifier]' ([identifier]) is invalid");
});

test.each([
  ['another event of the batch', 'seen before: eve-1234', 'eve-1234'],
  ['cut at its end', 'no such customer: zoë-müll', 'zoë-müller'],
  ['cut short', 'no such customer: zoë…', 'zoë-müller'],
  ['cut at its beginning', '…-müller is unknown', 'zoë-müller'],
  ['as JSON', String.raw`got "a\"b\\c-1234"`, String.raw`a"b\c-1234`],
  ['as JSON in JSON', String.raw`got a\\\"b-99`, 'a"b-99'],
  ['as ASCII', String.raw`got zo\u00eb-m\u00FCller`, 'zoë-müller'],
  ['in an address', '/customers?email=zo%C3%AB%2B1+x', 'zoë+1 x'],
  ['in HTML', '<b>O&#39;Neill &amp; Co</b>', "O'Neill & Co"],
  ['a short one', 'no customer 42.', '42'],
  ['a short number before letters', 'no customer 42eur', '42'],
])('blacks out a value %s', (_, message, value) => {
  const text = redact(message, 'ada@example.com', value);
  expect(text).toContain('[identifier]');
  expect(text).not.toMatch(/zo|ller|Neill|eve|Co\b|b-99|1234|42|%/u);
});

test.each([
  'merged into bob@example.org',
  'merged into bob%40example.org',
  'vuid 51bf4c6d0a7e4f6f9b6b0f3f1f1e2d3c is taken',
  'id 3F2504E0-4F89-11D3-9A0C-0305E82C3301 is taken',
  'call +43 660 123-45-67',
])('blacks out what looks like an identifier of somebody else: %s', (text) => {
  expect(redact(text, 'ada@example.com')).not.toMatch(/bob|51bf|4F89|660/);
});

test('the rest of a message stands', () => {
  const said = 'data.order.total: must be a number; 17 events, status 400';
  expect(redact(said, 'ada@example.com', 'b1')).toBe(said);
  expect(redact('', 'ada@example.com')).toBe('');
});

test('nothing is cut before it is black', () => {
  const text = redact(`${'m'.repeat(495)} ada@example.com`, 'ada@example.com');
  expect(text).toHaveLength(500);
  expect(text).not.toContain('ada');
});

test.each(['no JSON', 'null', '{}', payload({ email: 'x'.repeat(2000) })])(
  'says nothing where it cannot know what to black out: %.20s',
  (unreadable) => {
    const all = [payload({ email: 'ada@example.com' }), unreadable];
    expect(identifierRedactor(all)('something')).not.toContain('something');
  },
);

test('no identifier value is left, whatever it looks like', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((value) => value.trim() !== ''),
      fc.string(),
      fc.string(),
      (value, before, after) => {
        const text = redact(`${before}\u0000${value}\u0000${after}`, value);
        expect(text.replaceAll('[identifier]', '')).not.toContain(
          `\u0000${value}\u0000`,
        );
      },
    ),
  );
});
