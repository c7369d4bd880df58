import { snippet } from './copy.js';
import { byId, button, call, el } from './dom.js';
import { fields } from './event-view.js';

const PATH = '/datafiles';
const PRESETS = [
  ['403', { status: 403, path: PATH }],
  ['Broken JSON', { status: 200, body: '{"version":"4",', path: PATH }],
  ['5 s late', { latency: 5000, path: PATH }],
];

/** The dialog that shows which ODP integration the datafile names, and changes it. */
export class Datafile {
  constructor() {
    this.dialog = byId('datafile');
    this.error = byId('datafile-error');
    byId('open-datafile').addEventListener('click', () => this.open());
    byId('datafile-off').addEventListener('click', () => {
      void this.try(() => call('DELETE', 'integration'));
    });
    byId('datafile-reset').addEventListener('click', () => {
      void this.try(() => call('POST', 'integration/reset', {}));
    });
    this.onSubmit('datafile-form', ({ publicKey, host }) =>
      call('PUT', 'integration', {
        ...(publicKey === '' ? {} : { publicKey }),
        ...(host === '' ? {} : { host }),
      }),
    );
    this.onSubmit('key-form', ({ apiKey }) =>
      call('PUT', 'api-key', { apiKey: apiKey === '' ? null : apiKey }),
    );
    byId('datafile-presets').append(
      ...PRESETS.map(([label, fault]) =>
        button(label, () => void this.try(() => call('POST', 'faults', fault))),
      ),
    );
  }

  open() {
    this.error.textContent = '';
    this.dialog.showModal();
  }

  onSubmit(id, send) {
    byId(id).addEventListener('submit', (event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(event.target));
      void this.try(() => send(values));
    });
  }

  async try(action) {
    try {
      await action();
      this.error.textContent = '';
    } catch (error) {
      this.error.textContent = error.message;
    }
  }

  /** Shows what is served now. */
  show({ datafileUrl, needsToken, revision, integration, apiKey }) {
    const isOn = integration !== null && integration !== undefined;
    const isWhole = isOn && integration.publicKey && integration.host;
    byId('open-datafile').classList.toggle('on', !isWhole);
    byId('open-datafile').textContent = isOn ? 'Datafile' : 'Datafile: no ODP';
    byId('datafile-state').replaceChildren(
      snippet(datafileUrl, 'the datafile’s address'),
      isOn
        ? fields('It names ODP', Object.entries(integration))
        : el(
            'p',
            { class: 'note warn' },
            'It names no ODP integration: apps on it send nothing.',
          ),
      ...(isOn && !isWhole
        ? [
            el(
              'p',
              { class: 'note warn' },
              'Without both publicKey and host apps take ODP for not integrated.',
            ),
          ]
        : []),
      fields('Served', [
        ['revision', revision],
        ['access token', el('span', {}, needsToken ? 'needed' : 'not needed')],
        ['accepted key', apiKey === null ? el('span', {}, 'any') : apiKey],
      ]),
    );
  }
}
