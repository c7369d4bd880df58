import { afterEach, describe, expect, it, vi } from 'vitest';
import { BackgroundWork } from './background-work.js';

describe('BackgroundWork', () => {
  afterEach(() => vi.useRealTimers());

  it('is done when what was added is, begun or not, and only that', async () => {
    const work = new BackgroundWork();
    const log: string[] = [];
    let finish = () => {};
    work.soon(() => {
      log.push('at once');
    });
    work.soon(
      () =>
        new Promise((resolve) => {
          finish = () => {
            log.push('later');
            resolve();
          };
          work.soon(() => new Promise(() => {}));
          setImmediate(finish);
        }),
    );
    expect(log).toEqual([]);
    await work.done();
    expect(log).toEqual(['at once', 'later']);
  });

  it('needs no timer if nothing was added, as a test may have stopped them', async () => {
    vi.useFakeTimers();
    await new BackgroundWork().done();
  });

  it('is done although a test has stopped all timers', async () => {
    vi.useFakeTimers();
    const work = new BackgroundWork();
    const log: string[] = [];
    work.soon(() => void log.push('done'));
    await work.done();
    expect(log).toEqual(['done']);
  });
});
