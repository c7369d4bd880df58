import { describe, expect, test, vi } from 'vitest';
import type { OdpRequest } from './odp-request.js';
import { CallerContext } from './caller-context.js';

const request = () => ({}) as OdpRequest;
const account = {};

describe('CallerContext', () => {
  test('knows no caller until it is enabled', () => {
    const callers = new CallerContext();
    expect(
      callers.runForRequest(request, () => callers.callerOf(account)),
    ).toBeUndefined();
    callers.enable();
    expect(
      callers.runForRequest(request, () => callers.callerOf(account)),
    ).toEqual({
      request,
    });
    expect(callers.callerOf(account)).toBeUndefined();
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
    const caller = callers.runWith({ email: 'ada@example.com' }, account, () =>
      callers.runForRequest(request, () => callers.callerOf(account)),
    );
    expect(caller).toEqual({ request });
  });

  test('identifiers for one account hide the caller from no other', () => {
    const callers = new CallerContext();
    callers.enable();
    const [a, b] = [{}, {}];
    const seen = callers.runForRequest(request, () =>
      callers.runWith({ n: '1' }, a, () =>
        callers.runWith({ n: '2' }, b, () =>
          callers.runWith({ n: '3' }, b, () =>
            [a, b, account].map((one) => callers.callerOf(one)),
          ),
        ),
      ),
    );
    expect(seen).toMatchObject([
      { identifiers: { n: '1' } },
      { identifiers: { n: '3' } },
      { request },
    ]);
  });
});
