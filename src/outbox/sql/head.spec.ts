import { describe, expect, it } from 'vitest';
import { Head } from './head.js';
import type { ClaimedRow } from './rows.js';

const rowsFrom = (oldest: string) => [{ oldest } as ClaimedRow];

describe('Head', () => {
  it('passes over what is gone', () => {
    const head = new Head();
    expect(head.from(0)).toBe('0');
    expect(head.found(rowsFrom('500'), 0)).toBe(false);
    expect(head.from(999)).toBe('500');
  });

  it('looks at everything once a second, for transactions that commit late', () => {
    const head = new Head();
    head.from(0);
    head.found(rowsFrom('500'), 0);
    expect(head.from(1000)).toBe('0');
  });

  it('looks at everything before it finds nothing', () => {
    const head = new Head();
    head.from(0);
    head.found(rowsFrom('500'), 0);
    expect(head.found([], 10)).toBe(true);
    expect(head.from(10)).toBe('0');
    expect(head.found([], 10)).toBe(false);
  });
});
