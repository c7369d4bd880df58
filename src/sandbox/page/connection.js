const WAITS = [500, 1000, 2000, 5000];

/**
 * The stream of what happens. It connects again by itself, and says when it is
 * `connecting`, `live` and `lost`.
 */
export class Connection {
  state = 'connecting';
  #handlers;
  #onState;
  #failures = 0;
  #timer;
  #stream;

  constructor(handlers, onState) {
    this.#handlers = handlers;
    this.#onState = onState;
  }

  open() {
    clearTimeout(this.#timer);
    this.#stream?.close();
    const stream = (this.#stream = new EventSource('/_sandbox/stream'));
    for (const [name, handle] of Object.entries(this.#handlers)) {
      stream.addEventListener(name, ({ data }) => {
        if (name === 'hello') this.#show('live');
        handle(JSON.parse(data));
      });
    }
    stream.addEventListener('error', () => {
      // Browsers differ in what they retry, so none of it is left to them.
      stream.close();
      const wait = WAITS[Math.min(this.#failures++, WAITS.length - 1)];
      this.#timer = setTimeout(() => this.open(), wait);
      this.#show('lost');
    });
  }

  #show(state) {
    if (state === 'live') this.#failures = 0;
    if (state === this.state) return;
    this.state = state;
    this.#onState(state);
  }
}
