import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromStoredText, toStoredText } from './stored-text.js';

describe('stored text', () => {
  it('comes back as it was, whatever it holds, and fits any server', () => {
    const anyText = fc.string({
      unit: fc.constantFrom(
        'a',
        '"',
        '\\',
        '\0',
        '\ud800',
        '\udc00',
        'ü',
        '😀',
      ),
    });
    fc.assert(
      fc.property(anyText, (text) => {
        const stored = toStoredText(text);
        expect(fromStoredText(stored)).toBe(text);
        expect(stored).not.toContain('\0');
        expect(Buffer.from(stored).toString()).toBe(stored);
      }),
    );
  });

  it('is left alone if it can be', () => {
    expect(toStoredText('0b9f-ü😀 "x"')).toBe('0b9f-ü😀 "x"');
  });
});
