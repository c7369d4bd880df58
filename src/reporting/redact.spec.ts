import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { redactIdentifiers } from './redact.js';

const payload = (identifiers: Record<string, string>) =>
  JSON.stringify({ identifiers });

test('blacks out identifier values wherever ODP repeats them, in any case', () => {
  expect(
    redactIdentifiers(
      "email 'ADA@example.com' (ada@example.com) is invalid",
      payload({ email: 'Ada@Example.com' }),
    ),
  ).toBe("email '[identifier]' ([identifier]) is invalid");
});

test('no identifier value is left, whatever it looks like', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((value) => value.trim() !== ''),
      fc.string(),
      fc.string(),
      (value, before, after) => {
        const text = redactIdentifiers(
          `${before}\u0000${value}\u0000${after}`,
          payload({ email: value }),
        );
        expect(text.replaceAll('[identifier]', '')).not.toContain(
          `\u0000${value}\u0000`,
        );
      },
    ),
  );
});
