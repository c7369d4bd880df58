import { describe, expect, test, vi } from 'vitest';
import type { OdpRequest } from './odp-request.js';
import { AmbientIdentity } from './ambient-identity.js';

const request = () => ({}) as OdpRequest;

describe('AmbientIdentity', () => {
  test('follows no request unless an account wants it', () => {
    const ambient = new AmbientIdentity();
    expect(ambient.follow(request, () => ambient.caller)).toBeUndefined();
    ambient.want();
    expect(ambient.follow(request, () => ambient.caller)).toEqual({ request });
    expect(ambient.caller).toBeUndefined();
  });

  test('tells once that it is wanted', () => {
    const onWanted = vi.fn();
    const ambient = new AmbientIdentity(onWanted);
    expect(ambient.wanted).toBe(false);
    ambient.want();
    ambient.want();
    expect(ambient.wanted).toBe(true);
    expect(onWanted).toHaveBeenCalledTimes(1);
  });

  test('a request is its own caller, whoever the caller was before', () => {
    const ambient = new AmbientIdentity();
    ambient.want();
    const byHand = { identifiers: { email: 'ada@example.com' }, account: {} };
    const caller = ambient.run(byHand, () =>
      ambient.follow(request, () => ambient.caller),
    );
    expect(caller).toEqual({ request });
  });
});
