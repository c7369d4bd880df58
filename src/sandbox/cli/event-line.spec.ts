import { describe, expect, it } from 'vitest';
import type { OdpReceivedEvent } from '../state/received.js';
import { eventLine } from './event-line.js';

const received: OdpReceivedEvent = {
  seq: 7,
  receivedAt: new Date('2026-01-02T03:04:05.678Z'),
  requestId: 3,
  index: 1,
  batchSize: 10,
  duplicate: false,
  event: {
    type: 'order',
    action: 'purchase',
    identifiers: { email: 'ada@example.com', vuid: 'v1' },
    data: {},
  },
};

const withIdentifiers = (identifiers: Record<string, unknown>) => ({
  ...received,
  event: { type: 't', identifiers, data: {} } as OdpReceivedEvent['event'],
});

describe('eventLine', () => {
  it('says when, what, whose and in which request', () => {
    expect(eventLine(received)).toBe(
      '03:04:05.678  #7  order/purchase  email=ada@example.com vuid=v1  request 3 (2 of 10)',
    );
  });

  it('says what the event is a duplicate of', () => {
    expect(
      eventLine({ ...received, duplicate: true, duplicateOf: 5 }),
    ).toContain('duplicate of #5');
  });

  it('lets nothing through that a terminal would obey, and stays one line', () => {
    const line = eventLine(
      withIdentifiers({ email: 'a\u001b[31m\r\nb\u0007\u009b2J\u202e' }),
    );
    expect(line).toContain(
      'email=a\uFFFD[31m\uFFFD\uFFFDb\uFFFD\uFFFD2J\uFFFD',
    );
  });

  it('cuts what is long, and reads what is no text', () => {
    expect(
      eventLine(withIdentifiers({ a: 'x'.repeat(9999) })).length,
    ).toBeLessThan(300);
    expect(eventLine(withIdentifiers({ a: { toString: 1 } }))).toContain(
      'a={"toString":1}',
    );
  });
});
