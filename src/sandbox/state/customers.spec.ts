import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Customers, type OdpSandboxCustomer } from './customers.js';
import { EventLog } from './event-log.js';
import { Segments } from './segments.js';

const identifiers = fc.dictionary(
  fc.constantFrom('email', 'vuid', 'phone'),
  fc.constantFrom('a', 'b', 'c', 'd', '', ' '),
  { maxKeys: 3 },
);

const keysOf = (event: Record<string, string>) =>
  Object.entries(event)
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => `${name}:${value}`);

/** Stitches the slow, plain way: whoever shares a value, again and again. */
function expected(events: readonly Record<string, string>[], from: number) {
  let groups = events
    .map((event, index) => ({ keys: keysOf(event), seqs: [index + 1] }))
    .slice(from)
    .filter(({ keys }) => keys.length > 0);
  for (const { keys } of groups) {
    const [mine, others] = [
      groups.filter((group) => group.keys.some((key) => keys.includes(key))),
      groups.filter((group) => !group.keys.some((key) => keys.includes(key))),
    ];
    groups = [
      ...others,
      {
        keys: [...new Set(mine.flatMap((group) => group.keys))],
        seqs: mine.flatMap((group) => group.seqs).sort((a, b) => a - b),
      },
    ];
  }
  return groups.map(({ keys, seqs }) => ({ keys: keys.sort(), seqs }));
}

const plain = ({ identifiers: known, events }: OdpSandboxCustomer) => ({
  keys: Object.entries(known)
    .flatMap(([name, values]) => values.map((value) => `${name}:${value}`))
    .sort(),
  seqs: events.map(({ seq }) => seq),
});

const bySeq = (a: { seqs: number[] }, b: { seqs: number[] }) =>
  a.seqs[0]! - b.seqs[0]!;

describe('Customers', () => {
  it('are those who share identifiers, whenever one looks and whatever has gone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ identifiers, looks: fc.boolean() })),
        fc.integer({ min: 1, max: 20 }),
        (steps, keep) => {
          const log = new EventLog(keep);
          const customers = new Customers(log, new Segments(), keep, []);
          for (const [index, step] of steps.entries()) {
            log.add([{ index: 0, event: { type: 't', data: {}, ...step } }], {
              requestId: index,
              receivedAt: new Date(0),
              batchSize: 1,
              bytes: 1,
            });
            if (step.looks) customers.all();
          }
          expect(customers.all().map(plain).sort(bySeq)).toEqual(
            expected(
              steps.map((step) => step.identifiers),
              Math.max(0, steps.length - keep),
            ).sort(bySeq),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keep the attributes and segments that were set last when two become one', () => {
    const log = new EventLog(10);
    const customers = new Customers(log, new Segments(), 10, []);
    customers.add({ attributes: { email: 'a', city: 'old', name: 'Ada' } });
    customers.add({ attributes: { vuid: 'v', city: 'new', note: 'x' } });
    customers.add({
      identifiers: { vuid: 'v' },
      segments: { vip: 'not_qualified' },
    });
    customers.add({
      identifiers: { email: 'a' },
      segments: { vip: 'qualified' },
    });
    expect(customers.all()).toHaveLength(2);
    customers.add({ attributes: { email: 'a', vuid: 'v' } });
    expect(customers.all()).toMatchObject([
      {
        attributes: { city: 'new', name: 'Ada', note: 'x' },
        segments: { vip: 'qualified' },
      },
    ]);
  });
});
