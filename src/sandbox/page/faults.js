import { byId, button, call, el } from './dom.js';

const PRESETS = [
  ['503, three times', { status: 503, times: 3 }],
  ['429, Retry-After 5', { status: 429, retryAfter: 5, times: 1 }],
  ['Half fail with 500', { status: 500, share: 0.5 }],
  ['2 s late', { latency: 2000 }],
  ['Accepted, then reset', { reset: 'after', times: 1 }],
];

/** The dialog that turns faults on and off, and the banner while any is on. */
export class Faults {
  constructor(notices) {
    this.notices = notices;
    this.dialog = byId('faults');
    this.form = byId('fault-form');
    this.error = byId('fault-error');
    byId('open-faults').addEventListener('click', () => this.open());
    byId('banner-end').addEventListener('click', () => this.end());
    this.form.elements.kind.addEventListener('change', () => this.showKind());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.add(this.read());
    });
    byId('presets').append(
      ...PRESETS.map(([label, fault]) =>
        button(label, () => void this.add(fault)),
      ),
    );
    this.showKind();
    this.show([]);
  }

  open() {
    this.error.textContent = '';
    this.dialog.showModal();
  }

  showKind() {
    const { value } = this.form.elements.kind;
    for (const set of this.form.querySelectorAll('[data-kind]')) {
      set.hidden = set.disabled = set.dataset.kind !== value;
    }
  }

  /** The fault that the form describes; the sandbox checks it. */
  read() {
    const fields = this.form.elements;
    const number = (name) =>
      fields[name].value === '' ? undefined : Number(fields[name].value);
    const wording = (name) => fields[name].value.trim() || undefined;
    const share = number('share');
    const kinds = {
      status: () => ({
        status: number('status') ?? 0,
        retryAfter: number('retryAfter'),
      }),
      latency: () => ({ latency: number('latency') ?? 0 }),
      hang: () => ({ hang: true }),
      reset: () => ({ reset: fields.reset.value }),
      invalid: () => ({
        invalid: {
          type: wording('type'),
          action: wording('action'),
          field: wording('field'),
          value: wording('value'),
        },
        message: wording('message'),
      }),
    };
    return {
      ...kinds[fields.kind.value](),
      times: number('times'),
      share: share === undefined ? undefined : share / 100,
    };
  }

  add(fault) {
    return this.try(() => call('POST', 'faults', fault));
  }

  /** Does something in the dialog, which says so when it fails. */
  async try(action) {
    try {
      await action();
      this.error.textContent = '';
    } catch (error) {
      this.error.textContent = error.message;
    }
  }

  /** Ends one fault, or all. */
  end(id) {
    const path = id === undefined ? 'faults' : `faults/${id}`;
    if (this.dialog.open) void this.try(() => call('DELETE', path));
    else void this.notices.attempt('end it', () => call('DELETE', path));
  }

  /** Shows the faults that are on. */
  show(faults) {
    byId('banner').hidden = faults.length === 0;
    byId('banner-faults').replaceChildren(
      ...faults.map((fault) => el('li', {}, ...words(fault))),
    );
    byId('open-faults').classList.toggle('on', faults.length > 0);
    const list = byId('active-faults');
    list.replaceChildren(
      ...faults.map((fault) =>
        el(
          'li',
          {},
          el('span', {}, ...words(fault)),
          button('End', () => this.end(fault.id)),
        ),
      ),
    );
    if (faults.length === 0) {
      list.append(el('li', { class: 'none' }, 'None: the sandbox behaves.'));
    }
  }
}

function words({ description, struck }) {
  const hits = struck === 1 ? 'struck 1 request' : `struck ${struck} requests`;
  return [description, el('small', {}, struck === 0 ? 'not yet struck' : hits)];
}
