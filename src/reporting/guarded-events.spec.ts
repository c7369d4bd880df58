import { filter, firstValueFrom, map, Subject, toArray } from 'rxjs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { GuardedEvents } from './guarded-events.js';

function guarded() {
  const subject = new Subject<number>();
  const failed = vi.fn();
  return { subject, failed, events: new GuardedEvents(subject, failed) };
}

const broken = () => {
  throw new Error('broken');
};

test.each<[string, (events: GuardedEvents<number>) => unknown]>([
  ['a function', (events) => events.subscribe(broken)],
  ['an observer', (events) => events.subscribe({ next: broken })],
  [
    'an observer behind operators',
    (events) =>
      events.pipe(filter(Boolean), map(String)).subscribe({ next: broken }),
  ],
  ['an operator', (events) => events.pipe(map(broken)).subscribe()],
  [
    'an error handler',
    (events) => events.pipe(map(broken)).subscribe({ error: broken }),
  ],
])('%s that throws is told, and harms nobody', async (_, subscribe) => {
  const { subject, failed, events } = guarded();
  // Vitest takes an uncaught exception for a failure, too; here it is looked for.
  const uncaught = vi.fn();
  process.on('uncaughtException', uncaught);
  onTestFinished(() => void process.off('uncaughtException', uncaught));
  const others: number[] = [];
  subscribe(events);
  events.subscribe((value) => others.push(value));
  subject.next(1);
  subject.next(2);
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(others).toEqual([1, 2]);
  expect(failed).toHaveBeenCalledWith(new Error('broken'));
  expect(uncaught).not.toHaveBeenCalled();
});

test('a subscriber that threw gets the next item', () => {
  const { subject, events } = guarded();
  const seen: number[] = [];
  events.subscribe((value) => {
    seen.push(value);
    throw new Error('broken');
  });
  subject.next(1);
  subject.next(2);
  expect(seen).toEqual([1, 2]);
});

test('otherwise it is an observable as others are', async () => {
  const { subject, failed, events } = guarded();
  const first = firstValueFrom(events);
  const all = firstValueFrom(events.pipe(toArray()));
  const completed = vi.fn();
  events.subscribe({ complete: completed });
  const caught = vi.fn();
  events.pipe(map(broken)).subscribe({ error: caught });
  const subscription = events.subscribe(() => subscription.unsubscribe());
  subject.next(1);
  subject.next(2);
  subject.complete();
  expect(await first).toBe(1);
  expect(await all).toEqual([1, 2]);
  expect(subscription.closed).toBe(true);
  expect(completed).toHaveBeenCalledOnce();
  expect(caught).toHaveBeenCalledExactlyOnceWith(new Error('broken'));
  expect(failed).not.toHaveBeenCalled();
});
