import { byId, button, el } from './dom.js';

/** Lines under the header that stay until they are dealt with. */
export class Notices {
  #host = byId('notices');
  #shown = new Map();

  /** Shows a notice in place of the one with the same name. */
  show(name, { tone = 'info', content, actions = [], canDismiss = true }) {
    const notice = el(
      'div',
      { class: `notice ${tone}`, role: tone === 'bad' ? 'alert' : 'status' },
      el('p', {}, content),
      actions.map(({ label, run }) => button(label, run)),
      canDismiss
        ? button('✕', () => this.close(name), {
            class: 'icon',
            'aria-label': 'Dismiss',
          })
        : undefined,
    );
    this.close(name);
    this.#shown.set(name, notice);
    this.#host.append(notice);
  }

  close(name) {
    this.#shown.get(name)?.remove();
    this.#shown.delete(name);
  }

  /** Runs an action of the user; one that fails says so. */
  async attempt(what, action) {
    try {
      await action();
      this.close('failed');
    } catch (error) {
      this.show('failed', {
        tone: 'bad',
        content: `Could not ${what}. ${error.message}`,
      });
    }
  }
}
