import { stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { withDeadline } from './deadline.js';

const late = () => new Error('late');

it('is late after the time, whatever hangs', async () => {
  await expect(withDeadline(new Promise(() => {}), 1, late)).rejects.toThrow(
    'late',
  );
});

it('takes no answer for late that was there while the process was busy', async () => {
  // From here on, timers come before what was read.
  await new Promise((resolve) => setImmediate(resolve));
  const answer = withDeadline(stat('.'), 1, late);
  const end = performance.now() + 50;
  while (performance.now() < end);
  expect((await answer).isDirectory()).toBe(true);
});

it('gives work that needs more than one answer its time again after the process was frozen', async () => {
  const work = async () => {
    for (let n = 0; n < 5; n++) await stat('.');
    return 'done';
  };
  const answer = withDeadline(work(), 100, late);
  const end = performance.now() + 1200;
  while (performance.now() < end);
  expect(await answer).toBe('done');
});
