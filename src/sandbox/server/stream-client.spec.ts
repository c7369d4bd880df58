import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Segments } from '../state/segments.js';
import { SandboxState } from '../state/state.js';
import { StreamClient } from './stream-client.js';

/** A page that takes nothing until it is told to: a real one cannot on cue. */
class SlowPage extends EventEmitter {
  readonly written: string[] = [];
  takesMore = true;

  write(text: string): boolean {
    this.written.push(text);
    return this.takesMore;
  }

  seqs(): number[] {
    return this.written
      .filter((text) => text.startsWith('event: batch'))
      .flatMap(
        (text) =>
          JSON.parse(text.split('data: ')[1]!).events as { seq: number }[],
      )
      .map(({ seq }) => seq);
  }
}

function openPage() {
  const state = new SandboxState(
    { maxEvents: 30_000, identifiers: [] },
    new Segments(),
  );
  const page = new SlowPage();
  const client = new StreamClient(
    page as unknown as ServerResponse,
    state,
    [],
    {},
  );
  const add = (count: number) => {
    const accepted = Array.from({ length: count }, (_, index) => ({
      index,
      event: { type: 't', identifiers: {}, data: {} },
    }));
    const carrier = { requestId: 1, receivedAt: new Date(0), bytes: 1 };
    state.events.add(accepted, { ...carrier, batchSize: count });
    client.pump();
  };
  return { state, page, add };
}

describe('StreamClient', () => {
  it('sends each event once, in order', () => {
    const { page, add } = openPage();
    for (const count of [3, 1200, 1]) add(count);
    expect(page.seqs()).toEqual(Array.from({ length: 1204 }, (_, i) => i + 1));
  });

  it('writes nothing more to a page that is behind, then only what it lists', () => {
    const { page, add } = openPage();
    page.takesMore = false;
    add(1);
    const before = page.written.length;
    for (let i = 0; i < 50; i++) add(500);
    expect(page.written).toHaveLength(before);
    page.takesMore = true;
    page.emit('drain');
    const seqs = page.seqs();
    expect(seqs.at(-1)).toBe(25_001);
    expect(seqs.length).toBeLessThanOrEqual(10_001);
  });

  it('sends a page that lags behind the clearing before what came after it', () => {
    const { state, page, add } = openPage();
    add(2);
    state.clear();
    add(1);
    const kinds = page.written.map((text) => text.split('\n', 1)[0]);
    expect(kinds.slice(-3)).toEqual([
      'event: batch',
      'event: cleared',
      'event: batch',
    ]);
    expect(page.seqs()).toEqual([1, 2, 3]);
  });

  it('sends everything again once a clear is undone', () => {
    const { state, page, add } = openPage();
    add(2);
    state.clear();
    add(1);
    state.restore();
    add(1);
    expect(page.seqs()).toEqual([1, 2, 3, 1, 2, 3, 4]);
    const cleared = page.written.filter((text) =>
      text.startsWith('event: cleared'),
    );
    expect(cleared.map((text) => JSON.parse(text.split('data: ')[1]!))).toEqual(
      [
        { restorable: { events: 2, requests: 0 } },
        { restorable: { events: 0, requests: 0 } },
      ],
    );
  });
});
