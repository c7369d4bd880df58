import { EVENTS, atLeast, cpu, lost, over, rate } from './parts.mjs';

const SENDERS = 1000;
const stores = {
  file: {
    outbox: 'fileOutbox, fsync',
    ceiling: 'ceiling: LevelDB batches of 1000, fsync',
    events: EVENTS,
  },
  redis: {
    outbox: 'redisOutbox',
    ceiling: 'ceiling: pipelined XADD',
    floor: 'floor: XADD, XREADGROUP, XACK and XDEL of 1000',
  },
  postgres: {
    outbox: 'postgresOutbox',
    ceiling: 'ceiling: INSERT of 1000 rows, Postgres',
    floor: 'floor: INSERT, UPDATE and DELETE of 1000 rows, Postgres',
  },
  mysql: {
    outbox: 'mysqlOutbox',
    ceiling: 'ceiling: INSERT of 1000 rows, MySQL',
    floor: 'floor: INSERT, UPDATE and DELETE of 1000 rows, MySQL',
  },
};

const lane = (store, more = {}) => ({
  run: 'durable',
  options: {
    store,
    senders: SENDERS,
    events: stores[store]?.events ?? EVENTS / 2,
    ...more,
  },
});

export const durable = {
  title: `Outboxes between ${SENDERS} concurrent senders and the sink, every append awaited; and a backlog from start to empty`,
  lanes: ({ backlog }) => ({
    memoryOutbox: lane('memory', { events: EVENTS }),
    ...Object.fromEntries(
      Object.entries(stores).flatMap(([store, { outbox, ceiling, floor }]) => [
        [outbox, lane(store)],
        [`${outbox}, 50 ms`, lane(store, { delay: 50 })],
        [
          `${outbox}, 50 ms, backlog`,
          { run: 'backlog', options: { store, events: backlog, delay: 50 } },
        ],
        [ceiling, lane(store, { ceiling: true })],
        ...(floor ? [[floor, lane(store, { floor: true })]] : []),
      ]),
    ),
  }),
  figures: [
    rate,
    cpu,
    { key: 'accepted', title: 'accepted/s' },
    { key: 'begin', title: 'first after ms' },
    { key: 'first', title: 'first tenth/s' },
    { key: 'last', title: 'last tenth/s' },
    lost,
  ],
  ratios: Object.values(stores).flatMap(({ outbox, ceiling, floor }) => [
    over(
      `${outbox}: 50 ms / loopback`,
      `${outbox}, 50 ms`,
      outbox,
      'rate',
      atLeast(0.8),
    ),
    over(
      `${outbox}: backlog / 1000 senders, 50 ms`,
      `${outbox}, 50 ms, backlog`,
      `${outbox}, 50 ms`,
      'rate',
      atLeast(0.8),
    ),
    {
      title: `${outbox}: last tenth / first tenth of the backlog`,
      lanes: [`${outbox}, 50 ms, backlog`],
      of: (round) => {
        const { first, last } = round[`${outbox}, 50 ms, backlog`];
        return last / first;
      },
      ...atLeast(0.8),
    },
    over(`${outbox} / its ceiling`, outbox, ceiling, 'rate', atLeast(0.5)),
    ...(floor
      ? [
          over(`${outbox} / its floor`, outbox, floor),
          over(`floor / ceiling of ${outbox}`, floor, ceiling),
        ]
      : []),
    over(`${outbox} / memoryOutbox`, outbox, 'memoryOutbox'),
  ]),
};
