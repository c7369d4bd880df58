import { describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';
import type { OutboxEvent } from './outbox.js';
import { WaitingEvents } from './waiting-events.js';

const eventsOf = (...ids: string[]): OutboxEvent[] =>
  ids.map((id) => ({ id, payload: '{}', createdAt: 0 }));

/** A store that writes when it is told to. */
function manualStore() {
  const writes: { ids: string[]; end(error?: Error): void }[] = [];
  const commit = new GroupCommit(
    new WaitingEvents('Redis'),
    (events) =>
      new Promise((resolve, reject) => {
        const ids = events.map(({ id }) => id);
        const end = (error?: Error) => (error ? reject(error) : resolve());
        writes.push({ ids, end });
      }),
  );
  return { commit, writes };
}

describe('GroupCommit', () => {
  it('writes at once, and what arrives meanwhile together with the next write', async () => {
    const { commit, writes } = manualStore();
    const first = commit.add(eventsOf('a'));
    const others = [commit.add(eventsOf('b', 'c')), commit.add(eventsOf('d'))];
    expect(writes.map(({ ids }) => ids)).toEqual([['a']]);
    writes[0]?.end();
    await first;
    expect(writes.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c', 'd']]);
    writes[1]?.end();
    await Promise.all(others);
  });

  it('rejects only those whose write failed, and goes on', async () => {
    const { commit, writes } = manualStore();
    const first = commit.add(eventsOf('a'));
    const second = commit.add(eventsOf('b'));
    writes[0]?.end(new Error('no disk'));
    await expect(first).rejects.toThrow('no disk');
    writes[1]?.end();
    await expect(second).resolves.toBeUndefined();
    const third = commit.add(eventsOf('c'));
    expect(writes[2]?.ids).toEqual(['c']);
    writes[2]?.end();
    await third;
  });

  it('never splits a list, and keeps groups bounded', async () => {
    const { commit, writes } = manualStore();
    const many = Array.from({ length: 1500 }, (_, index) => `m${index}`);
    const added = [
      commit.add(eventsOf('a')),
      commit.add(eventsOf('b')),
      commit.add(eventsOf(...many)),
      commit.add(eventsOf('c')),
    ];
    for (let next = 0; next < 4; next++) {
      writes[next]?.end();
      await added[next];
    }
    expect(writes.map(({ ids }) => ids.length)).toEqual([1, 1, 1500, 1]);
  });

  it('keeps groups bounded in size, too', async () => {
    const { commit, writes } = manualStore();
    const large = (id: string): OutboxEvent[] => [
      { id, payload: 'x'.repeat(3 * 1024 * 1024), createdAt: 0 },
    ];
    const added = ['a', 'b', 'c'].map((id) => commit.add(large(id)));
    for (let next = 0; next < 3; next++) {
      writes[next]?.end();
      await added[next];
    }
    expect(writes.map(({ ids }) => ids)).toEqual([['a'], ['b'], ['c']]);
  });

  it('counts what waits until it is stored, refused or abandoned', async () => {
    const { commit, writes } = manualStore();
    const full = Array.from({ length: 99_999 }, (_, index) => `m${index}`);
    const failures: unknown[] = [];
    for (const outcome of ['stored', 'refused', 'abandoned']) {
      const first = commit.add(eventsOf('a'));
      const added = commit.add(eventsOf(...full));
      expect(() => commit.add(eventsOf('b'))).toThrow('100000 events');
      if (outcome === 'abandoned') commit.abandon(new Error(outcome));
      writes.shift()?.end();
      await first;
      const error = outcome === 'refused' ? new Error(outcome) : undefined;
      writes.shift()?.end(error);
      await added.catch((reason: unknown) => failures.push(reason));
    }
    expect(failures).toEqual([new Error('refused'), new Error('abandoned')]);
  });

  it('is idle once the last write has ended, however it ended', async () => {
    const { commit, writes } = manualStore();
    await commit.idle();
    const added = commit.add(eventsOf('a'));
    added.catch(() => {});
    let idle = false;
    const waiting = commit.idle().then(() => (idle = true));
    await Promise.resolve();
    expect(idle).toBe(false);
    writes[0]?.end(new Error('no'));
    await waiting;
    await expect(added).rejects.toThrow('no');
  });
});
