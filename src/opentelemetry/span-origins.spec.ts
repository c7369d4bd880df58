import { channel } from 'node:diagnostics_channel';
import { context, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Channels } from './channels.js';
import { SpanOrigins } from './span-origins.js';

const stops: (() => void)[] = [];
beforeAll(() =>
  context.setGlobalContextManager(
    new AsyncLocalStorageContextManager().enable(),
  ),
);
afterAll(() => context.disable());
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function origins(): SpanOrigins {
  const made = new SpanOrigins();
  stops.push(...made.subscribe(new Channels(() => true)));
  return made;
}

/** Accepts events within a span. */
function accept(ids: readonly string[], spanId = 'b'.repeat(16)) {
  const span = trace.wrapSpanContext({
    traceId: 'a'.repeat(32),
    spanId,
    traceFlags: TraceFlags.SAMPLED,
  });
  context.with(trace.setSpan(context.active(), span), () => {
    for (const id of ids) tell('accepted', { id });
  });
}

const tell = (type: string, facts: object) =>
  channel(`optimizely-odp:${type}`).publish({
    type,
    account: 'default',
    ...facts,
  });

describe('SpanOrigins', () => {
  it('forgets an event once it is known what became of it', () => {
    const known = origins();
    const ids = ['delivered', 'rejected', 'expired', 'dropped', 'waiting'];
    accept(ids);
    for (const type of ids.slice(0, 4)) tell(type, { id: type });
    tell('dropped', { id: undefined });
    expect(ids.map((id) => known.linksOf([id]).length)).toEqual([
      0, 0, 0, 0, 1,
    ]);
  });

  it('remembers the last 10000 events', () => {
    const known = origins();
    const ids = Array.from({ length: 10_001 }, (_, n) => `id-${n}`);
    accept(ids);
    expect(
      ['id-0', 'id-1', 'id-10000'].map((id) => known.linksOf([id]).length),
    ).toEqual([0, 1, 1]);
  });

  it('links to each span once', () => {
    const known = origins();
    accept(['a', 'b']);
    accept(['c'], 'c'.repeat(16));
    expect(known.linksOf(['a', 'b', 'c', 'unknown'])).toHaveLength(2);
  });

  it('knows nothing of what happens outside of a span', () => {
    const known = origins();
    tell('accepted', { id: 'a' });
    expect(known.linksOf(['a'])).toEqual([]);
  });
});
