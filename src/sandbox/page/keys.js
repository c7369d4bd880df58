import { byId } from './dom.js';

/** Works the page by keyboard: `keys` say what each does outside of fields. */
export function listenForKeys({ list, isDetailOpen, closeDetail, keys }) {
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (key === 'Escape') {
      if (target === byId('filter')) list().grid.focus();
      else if (isDetailOpen()) closeDetail();
      return;
    }
    const isTyping = target.matches('input, select, textarea');
    const act = keys[key.toLowerCase()];
    if (isTyping || act === undefined) return;
    event.preventDefault();
    act();
  });
  byId('filter').addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    list().grid.focus();
    list().move(1);
  });
}
