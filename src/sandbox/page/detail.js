import { asCurl, copyButton } from './copy.js';
import { button, call, el } from './dom.js';
import { customerView } from './customer-view.js';
import { eventView, nameOf } from './event-view.js';
import { requestView, statusChip } from './request-view.js';

const REFRESH = 300;

/** The pane beside the list: an event, its customer, or a request. */
export class Detail {
  constructor(host, { onTab, onClose, attempt, needsKey }) {
    this.host = host;
    this.onTab = onTab;
    this.onClose = onClose;
    this.attempt = attempt;
    this.segments = [];
    this.needsKey = needsKey;
  }

  get isOpen() {
    return !this.host.hidden;
  }

  close() {
    this.host.hidden = true;
    this.host.replaceChildren();
    this.shown = undefined;
  }

  /** Shows an event, or the customer behind it. */
  showEvent(received, tab) {
    const { shown } = this;
    if (shown?.received === received && shown.tab === tab) return;
    this.shown = { received, tab };
    void this.drawEvent();
  }

  async showRequest(id) {
    if (this.shown?.requestId === id) return;
    const shown = (this.shown = { requestId: id });
    const request = await call('GET', `requests/${id}`).catch((error) => error);
    if (this.shown !== shown) return;
    if (request instanceof Error) {
      return this.fill(`Request ${id}`, [], [note(request.message)]);
    }
    const { method, path, body } = request;
    const whole = body === undefined ? undefined : JSON.stringify(body);
    this.fill(
      el(
        'span',
        { class: 'name' },
        el('b', {}, `Request ${id}`),
        statusChip(request),
      ),
      [
        copyButton('Copy JSON', () => JSON.stringify(request, null, 2)),
        this.curlButton({ method, path, body: whole }),
      ],
      requestView(request),
    );
  }

  /** Says that an event which the address names is not there. */
  showGone(seq) {
    if (this.shown?.goneSeq === seq) return;
    this.shown = { goneSeq: seq };
    this.fill(
      `Event #${seq}`,
      [],
      [
        note(
          'The sandbox does not know it: it was cleared, has been forgotten, or belonged to an earlier run.',
        ),
      ],
    );
  }

  /** The segments that rules define: whoever is in them may have changed. */
  setSegments(defined) {
    this.segments = defined;
    this.refresh();
  }

  /** New events came in: a customer's view may have grown. */
  refresh() {
    const isDue = () => this.shown?.tab === 'customer';
    if (!isDue()) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const isTyping = this.host.querySelector('input:focus') !== null;
      if (isDue() && !isTyping) void this.drawEvent({ keepScroll: true });
    }, REFRESH);
  }

  async drawEvent({ keepScroll = false } = {}) {
    const { shown } = this;
    const { received, tab } = shown;
    const content =
      tab === 'customer'
        ? await this.customerOf(received)
        : eventView(received);
    if (this.shown !== shown) return;
    const { event } = received;
    this.fill(
      nameOf(event),
      [
        el('div', { class: 'tabs', role: 'group', 'aria-label': 'Show' }, [
          this.tabButton('event', 'Event'),
          this.tabButton('customer', 'Customer'),
        ]),
        copyButton('Copy JSON', () => JSON.stringify(event, null, 2)),
        this.curlButton({
          method: 'POST',
          path: '/v3/events',
          body: JSON.stringify(event),
        }),
      ],
      content,
      keepScroll,
    );
  }

  async customerOf({ event, seq }) {
    const query = new URLSearchParams(event.identifiers);
    const customer = await call('GET', `customer?${query}`).catch(
      (error) => error,
    );
    return customer instanceof Error
      ? [note(customer.message)]
      : customerView(customer, seq, {
          segments: this.segments,
          act: async (what, action) => {
            await this.attempt(what, action);
            if (this.shown?.tab === 'customer') {
              await this.drawEvent({ keepScroll: true });
            }
          },
        });
  }

  tabButton(tab, label) {
    return button(label, () => this.onTab(tab), {
      'aria-pressed': `${this.shown.tab === tab}`,
    });
  }

  curlButton(request) {
    return copyButton('Copy as curl', () =>
      asCurl({ ...request, needsKey: this.needsKey() }),
    );
  }

  fill(title, actions, content, keepScroll = false) {
    const focused = this.focusedLabel();
    const { scrollTop } = this.host.querySelector('.content') ?? {};
    const body = el('div', { class: 'content', tabindex: '0' }, content);
    this.host.replaceChildren(
      el(
        'header',
        {},
        el('h2', {}, title),
        button('✕', () => this.onClose(), {
          class: 'icon',
          'aria-label': 'Close details',
        }),
        actions.length === 0
          ? undefined
          : el('div', { class: 'actions' }, actions),
      ),
      body,
    );
    const wasHidden = this.host.hidden;
    this.host.hidden = false;
    if (keepScroll) body.scrollTop = scrollTop ?? 0;
    if (focused !== undefined) this.focusControl(focused);
    // Over the whole page, as on a phone, the list behind it cannot be used.
    else if (wasHidden && getComputedStyle(this.host).position === 'fixed') {
      this.host.focus();
    }
  }

  /** What the focused control within the pane is called. */
  focusedLabel() {
    const { activeElement } = document;
    if (!this.host.contains(activeElement)) return undefined;
    return labelOf(activeElement);
  }

  /** Focuses the control that is called so, or the pane. */
  focusControl(label) {
    const controls = [...this.host.querySelectorAll('button, a')];
    const same = controls.find((control) => labelOf(control) === label);
    (same ?? this.host).focus({ preventScroll: true });
  }
}

const labelOf = (control) =>
  control.getAttribute('aria-label') ?? control.textContent;

const note = (text) => el('p', { class: 'note' }, text);
