import { call, el } from './dom.js';
import { customerView } from './customer-view.js';
import { eventView, nameOf } from './event-view.js';
import { requestView, statusChip } from './request-view.js';

const REFRESH = 300;

/** The pane beside the list: an event, its customer, or a request. */
export class Detail {
  constructor(host, links) {
    this.host = host;
    this.links = links;
    this.tab = 'event';
  }

  get isOpen() {
    return !this.host.hidden;
  }

  close() {
    this.host.hidden = true;
    this.host.replaceChildren();
    this.shown = undefined;
  }

  showEvent(received) {
    this.shown = { received };
    void this.drawEvent();
  }

  async showRequest(id) {
    const shown = (this.shown = { requestId: id });
    const request = await call('GET', `requests/${id}`).catch(() => undefined);
    if (this.shown !== shown) return;
    if (request === undefined) {
      return this.fill(`Request ${id}`, [], [gone('This request')]);
    }
    this.fill(
      el(
        'span',
        { class: 'name' },
        el('b', {}, `Request ${id}`),
        statusChip(request),
      ),
      [],
      requestView(request),
    );
  }

  /** Switches between the event and its customer. */
  showTab(tab) {
    this.tab = tab;
    if (this.shown?.received !== undefined) void this.drawEvent();
  }

  /** New events came in: a customer's view may have grown. */
  refresh() {
    if (this.shown?.received === undefined || this.tab !== 'customer') return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.shown?.received !== undefined && this.tab === 'customer') {
        void this.drawEvent({ keepScroll: true });
      }
    }, REFRESH);
  }

  async drawEvent({ keepScroll = false } = {}) {
    const { shown, tab, links } = this;
    const { received } = shown;
    const content =
      tab === 'customer'
        ? await this.customerOf(received)
        : eventView(received, links);
    if (this.shown !== shown || this.tab !== tab) return;
    this.fill(
      nameOf(received.event),
      [
        this.tabButton('event', 'Event'),
        this.tabButton('customer', 'Customer'),
      ],
      content,
      keepScroll,
    );
  }

  async customerOf({ event, seq }) {
    const query = new URLSearchParams(event.identifiers);
    const customer = await call('GET', `customer?${query}`).catch(
      () => undefined,
    );
    return customer === undefined
      ? [gone('The customer of this event')]
      : customerView(customer, seq, this.links);
  }

  tabButton(tab, label) {
    return el(
      'button',
      {
        type: 'button',
        'aria-pressed': `${this.tab === tab}`,
        onclick: () => this.showTab(tab),
      },
      label,
    );
  }

  fill(title, tabs, content, keepScroll = false) {
    const focused = this.host.contains(document.activeElement)
      ? document.activeElement.textContent
      : undefined;
    const { scrollTop } = this.host.querySelector('.content') ?? {};
    const body = el('div', { class: 'content' }, content);
    this.host.replaceChildren(
      el(
        'header',
        {},
        el('h2', {}, title),
        el(
          'button',
          {
            type: 'button',
            class: 'icon',
            'aria-label': 'Close details',
            onclick: () => this.links.onClose(),
          },
          '✕',
        ),
        tabs.length === 0
          ? undefined
          : el('div', { class: 'tabs', role: 'group' }, tabs),
      ),
      body,
    );
    this.host.hidden = false;
    if (keepScroll) body.scrollTop = scrollTop ?? 0;
    if (focused !== undefined) this.focus(focused);
  }

  /** Focuses the control that reads so, or the pane. */
  focus(label) {
    const buttons = [...this.host.querySelectorAll('button')];
    const same = buttons.find((button) => button.textContent === label);
    (same ?? this.host).focus({ preventScroll: true });
  }
}

function gone(what) {
  return el('p', { class: 'note' }, `${what} is not known any more.`);
}
