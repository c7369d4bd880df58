import { describe, expect, test, vi } from 'vitest';
import type { OdpRequest } from './odp-request.js';
import { CallerContext } from './caller-context.js';

const request = () => ({}) as OdpRequest;

describe('CallerContext', () => {
  test('knows no caller until it is enabled', () => {
    const callers = new CallerContext();
    expect(
      callers.runForRequest(request, () => callers.caller),
    ).toBeUndefined();
    callers.enable();
    expect(callers.runForRequest(request, () => callers.caller)).toEqual({
      request,
    });
    expect(callers.caller).toBeUndefined();
  });

  test('says once that it is enabled', () => {
    const onEnabled = vi.fn();
    const callers = new CallerContext(onEnabled);
    expect(callers.enabled).toBe(false);
    callers.enable();
    callers.enable();
    expect(callers.enabled).toBe(true);
    expect(onEnabled).toHaveBeenCalledTimes(1);
  });

  test('a request is its own caller, whoever the caller was before', () => {
    const callers = new CallerContext();
    callers.enable();
    const byHand = { identifiers: { email: 'ada@example.com' }, account: {} };
    const caller = callers.run(byHand, () =>
      callers.runForRequest(request, () => callers.caller),
    );
    expect(caller).toEqual({ request });
  });
});
