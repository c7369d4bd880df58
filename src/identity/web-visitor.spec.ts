import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OdpRequest } from './odp-request.js';
import { parseCookies } from './request/cookies.js';
import { webVisitor } from './web-visitor.js';

const UUID = '1b6cd62e-8fd1-4b6f-8cbe-2f0bbd8f9a4c';
const VUID = '1b6cd62e8fd14b6f8cbe2f0bbd8f9a4c';
const visitor = (vuid: unknown) =>
  webVisitor()({ cookies: { vuid } } as unknown as OdpRequest);

describe('webVisitor()', () => {
  test.each([
    [UUID, { vuid: VUID }],
    [`${UUID}|1763928808`, { vuid: VUID }],
    [VUID, { vuid: VUID }],
    [undefined, undefined],
    ['', undefined],
    ['undefined', undefined],
    [UUID.slice(1), undefined],
    [UUID.replaceAll('-', '_'), undefined],
    [`${VUID}0`, undefined],
    [UUID.replace('1b', 'zz'), undefined],
    [`ada@example.com${UUID}`, undefined],
    [['a'], undefined],
    [{ toString: (): string => UUID }, undefined],
  ])('%j is %j', (cookie, expected) => {
    expect(visitor(cookie)).toEqual(expected);
  });

  test('reads what the web tag writes, whatever follows it', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'grapheme' }), (uuid, rest) => {
        const cookies = parseCookies(
          `vuid=${encodeURIComponent(`${uuid}|${rest}`)}`,
        );
        expect(visitor(cookies.vuid)).toEqual({
          vuid: uuid.replaceAll('-', ''),
        });
      }),
    );
  });

  test('returns 32 hexadecimal characters, or nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (cookie) => {
        const found = visitor(cookie);
        if (found !== undefined) expect(found.vuid).toMatch(/^[\da-f]{32}$/i);
      }),
    );
  });
});
