// Everybody who can send an event. Each opens with the sink's address and its
// options and gives back `send`, which may return a promise to wait for, and
// `close`. What is imported is imported late: a run loads one sender only.
import { eventOf, wireEventOf } from './event.mjs';

/** As many as our default. */
const IN_FLIGHT = 16;

/** The ceilings: objects in, JSON of `batch` at a time, so many requests under way. */
function batching(post, batch) {
  let waiting = [];
  const underWay = new Set();
  const flush = () => {
    const body = Buffer.from(JSON.stringify(waiting));
    waiting = [];
    const request = post(body).then(() => underWay.delete(request));
    underWay.add(request);
    return underWay.size < IN_FLIGHT ? undefined : Promise.race(underWay);
  };
  return {
    eventOf: wireEventOf,
    send: (event) => (waiting.push(event) === batch ? flush() : undefined),
    async close() {
      if (waiting.length > 0) void flush();
      await Promise.all(underWay);
    },
  };
}

const HEADERS = {
  'content-type': 'application/json',
  'x-api-key': 'bench-key',
};

const senders = {
  async 'node:http'(url, { batch }) {
    const { Agent, request } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
    const target = `${url}/v3/events`;
    const post = (body) =>
      new Promise((resolve, reject) => {
        const headers = { ...HEADERS, 'content-length': body.length };
        request(target, { method: 'POST', agent, headers }, (response) => {
          response.resume().on('end', resolve);
        })
          .on('error', reject)
          .end(body);
      });
    return batching(post, batch);
  },

  async axios(url, { batch }) {
    const [{ default: axios }, { Agent }] = await Promise.all([
      import('axios'),
      import('node:http'),
    ]);
    const client = axios.create({
      httpAgent: new Agent({ keepAlive: true, maxSockets: IN_FLIGHT }),
      maxRedirects: 0,
      maxBodyLength: Infinity,
      transformRequest: [(data) => data],
    });
    const post = (body) =>
      client.post(`${url}/v3/events`, body, { headers: HEADERS });
    return batching(post, batch);
  },

  /** Nobody waits: what an app's requests do. The capacity only keeps a burst from being refused. */
  async track(url, { batch, events, flushInterval, requests }) {
    const { memoryOutbox } = await import('../dist/index.js');
    const { odp, close } = await (
      await import('./ours.mjs')
    ).openOurs(url, {
      outbox: memoryOutbox({ capacity: events }),
      delivery: {
        batchSize: batch,
        flushInterval,
        maxConcurrentRequests: requests,
      },
    });
    return { eventOf, send: (event) => odp.trackOdpEvent(event), close };
  },

  /** Each event is awaited, and waits for room: what a job does. */
  async send(url, { batch }) {
    const { memoryOutbox } = await import('../dist/index.js');
    const { odp, close } = await (
      await import('./ours.mjs')
    ).openOurs(url, {
      outbox: memoryOutbox({ whenFull: 'wait' }),
      delivery: { batchSize: batch },
    });
    return { eventOf, send: (event) => odp.sendOdpEvent(event), close };
  },

  async official(url, { batch }) {
    const sdk = await import('@optimizely/optimizely-sdk');
    const client = sdk.createInstance({
      projectConfigManager: sdk.createStaticProjectConfigManager({
        datafile: JSON.stringify(datafile(url)),
      }),
      odpManager: sdk.createOdpManager(
        batch === undefined
          ? {}
          : { eventBatchSize: batch, eventFlushInterval: 1000 },
      ),
    });
    await client.onReady();
    return {
      eventOf,
      send({ type, action, identifiers, data }) {
        client.sendOdpEvent(
          action,
          type,
          new Map(Object.entries(identifiers)),
          new Map(Object.entries(data)),
        );
      },
      close: () => client.close(),
    };
  },

  async posthog(url, { batch }) {
    const { PostHog } = await import('posthog-node');
    const client = new PostHog('bench-key', {
      host: url,
      flushAt: batch,
      maxBatchSize: batch,
      flushInterval: 1000,
      // Its default of 1000 drops what a burst holds beyond it.
      maxQueueSize: 1_000_000,
    });
    return {
      eventOf,
      send({ action, identifiers, data }) {
        client.capture({
          distinctId: identifiers.email,
          event: action,
          properties: data,
        });
      },
      close: () => client.shutdown(60_000),
    };
  },

  async segment(url, { batch }) {
    const { Analytics } = await import('@segment/analytics-node');
    const client = new Analytics({
      writeKey: 'bench-key',
      host: url,
      flushAt: batch,
      flushInterval: 1000,
    });
    return {
      eventOf,
      send({ action, identifiers, data }) {
        client.track({
          userId: identifiers.email,
          event: action,
          properties: data,
        });
      },
      close: () => client.closeAndFlush(),
    };
  },
};

/** The least that makes the official SDK send to the sink. */
const datafile = (url) => ({
  version: '4',
  revision: '1',
  projectId: '1',
  accountId: '1',
  anonymizeIP: true,
  botFiltering: false,
  layers: [],
  experiments: [],
  groups: [],
  featureFlags: [],
  rollouts: [],
  variables: [],
  events: [],
  attributes: [],
  typedAudiences: [],
  audiences: [
    {
      id: '1',
      name: 'a segment, as an account with ODP has',
      conditions:
        '["or", {"type": "third_party_dimension", "name": "odp.audiences", "match": "qualified", "value": "x"}]',
    },
  ],
  integrations: [{ key: 'odp', host: url, publicKey: 'bench-key' }],
});

/** The same, with an audience of this segment as Optimizely writes it today. */
export const segmentsDatafile = (url, segment) => ({
  ...datafile(url),
  audiences: [],
  typedAudiences: [
    {
      id: '1',
      name: segment,
      conditions: [
        'or',
        {
          type: 'third_party_dimension',
          name: 'odp.audiences',
          match: 'qualified',
          value: segment,
        },
      ],
    },
  ],
});

export const openSender = (name, url, options) => senders[name](url, options);
