import { asCurl, snippet } from './copy.js';
import { button, el } from './dom.js';
import { explain } from './filter.js';
import { count } from './format.js';

const SAMPLE = {
  type: 'order',
  action: 'purchase',
  identifiers: { email: 'ada@example.com' },
  data: { order_id: '42', total: 99.5 },
};

/** How a sandbox at this address is started from a shell. */
export const startCommand = () =>
  `npx -p nestjs-optimizely-odp odp-sandbox --port ${location.port || 80}`;

/** Stands in a list's place while it has no rows: says why, and what to do. */
export class Empty {
  constructor(host, { onShowRequests, onClearFilter, onResume, needsKey }) {
    this.host = host;
    this.onShowRequests = onShowRequests;
    this.onClearFilter = onClearFilter;
    this.onResume = onResume;
    this.needsKey = needsKey;
  }

  /** Shows the state, if there is one; what stays the same is not touched. */
  show(state) {
    this.host.hidden = state === undefined;
    const key = state && JSON.stringify(state);
    if (key === this.key) return;
    this.key = key;
    this.host.replaceChildren(
      ...(state === undefined ? [] : this[state.name](state)),
    );
  }

  connecting() {
    return [title('Connecting to the sandbox')];
  }

  lost() {
    return [
      title('The sandbox does not answer'),
      text(
        `Nothing answers at ${location.host}. Start it again where you started it, or from a shell; this page connects by itself.`,
      ),
      snippet(startCommand(), 'the command'),
    ];
  }

  nothing({ restartedAt }) {
    const restarted = `Restarted at ${restartedAt}: nothing has come in since`;
    return [
      title(restartedAt === undefined ? 'Waiting for events' : restarted),
      text(
        restartedAt === undefined
          ? 'Point your app at this sandbox, and events show here as they arrive.'
          : 'What it had seen before is gone. An app that sends to this address goes on; otherwise point it here.',
      ),
      el('h3', {}, 'In the module’s options'),
      snippet(
        [
          `OptimizelyOdpModule.forRoot({`,
          `  apiKey: '${this.apiKey()}',`,
          `  apiHost: '${location.origin}',`,
          `})`,
        ].join('\n'),
        'the options',
      ),
      el('h3', {}, 'Or in the environment'),
      snippet(
        [
          `OPTIMIZELY_ODP_API_HOST=${location.origin}`,
          `OPTIMIZELY_ODP_API_KEY=${this.apiKey()}`,
        ].join('\n'),
        'the environment lines',
      ),
      el('h3', {}, 'Or send one by hand'),
      snippet(
        asCurl({
          method: 'POST',
          path: '/v3/events',
          body: JSON.stringify(SAMPLE),
          needsKey: this.needsKey(),
        }),
        'the command',
      ),
    ];
  }

  apiKey() {
    return this.needsKey() ? '<the key it was started with>' : 'any';
  }

  refusedAll({ requests }) {
    return [
      title('No event was accepted'),
      text(
        `${count(requests, 'request')} came in, but no event with ${requests === 1 ? 'it' : 'them'}. What was answered stands with each.`,
      ),
      button('Show requests', this.onShowRequests, { class: 'primary' }),
    ];
  }

  noRequests() {
    return [
      title('No requests'),
      text('Requests to /v3 show here, the refused ones too.'),
    ];
  }

  paused({ waiting }) {
    return [
      title('Paused'),
      text(`${count(waiting, 'item')} came in meanwhile and wait to be shown.`),
      button('Resume', this.onResume, { class: 'primary' }),
    ];
  }

  noMatch({ view, total, counts }) {
    const what = view === 'events' ? 'event' : 'request';
    const several = counts.length > 1;
    return [
      title(`No ${what} matches`),
      text(
        several
          ? `Of ${count(total, what)}, none is all of this:`
          : `None of ${count(total, what)} is this:`,
      ),
      el(
        'ul',
        { class: 'terms' },
        counts.map(({ term, count: passing }) =>
          el(
            'li',
            {},
            explain(term),
            several
              ? el(
                  'span',
                  { class: passing === 0 ? 'chip warn' : 'chip' },
                  passing === 0 ? 'none' : `${passing}`,
                )
              : undefined,
          ),
        ),
      ),
      button('Clear filter', this.onClearFilter, { class: 'primary' }),
    ];
  }
}

const title = (words) => el('h2', {}, words);

const text = (words) => el('p', {}, words);
