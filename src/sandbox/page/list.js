import { today } from './clock.js';
import { el } from './dom.js';

const BEYOND = 8;

/**
 * A table of a store's visible items, newest first. Only the rows in sight are
 * in the document, however many items there are.
 */
export class List {
  constructor(host, store, { name, columns, cells, onOpen }) {
    this.store = store;
    this.name = name;
    this.cells = cells;
    this.onOpen = onOpen;
    this.rows = new Map();
    this.columns = columns;
    this.selected = undefined;
    this.day = today();
    this.body = el('div', { class: 'body', role: 'rowgroup' });
    this.grid = el(
      'div',
      {
        class: `grid ${name}`,
        role: 'grid',
        tabindex: '0',
        'aria-label': host.getAttribute('aria-label'),
      },
      el(
        'div',
        { class: 'row head', role: 'row' },
        columns.map(([kind, title]) =>
          el('span', { role: 'columnheader', class: kind }, title),
        ),
      ),
      this.body,
    );
    host.append(this.grid);
    this.grid.addEventListener('scroll', () => this.draw());
    this.grid.addEventListener('keydown', (event) => this.onKey(event));
    this.measure();
    new ResizeObserver(() => this.measure()).observe(this.grid);
  }

  /** How high a row is depends on the room, and stands in the style sheet. */
  measure() {
    const style = getComputedStyle(this.grid);
    this.rowHeight = Number.parseFloat(style.getPropertyValue('--row'));
    this.update();
  }

  /** Draws anew after the store changed; `added` rows came in at the top. */
  update(added = 0) {
    const { scrollTop } = this.grid;
    this.body.style.height = `${this.store.visible.length * this.rowHeight}px`;
    // Who has scrolled down goes on reading what is there.
    if (scrollTop > 0) this.grid.scrollTop = scrollTop + added * this.rowHeight;
    this.draw();
  }

  draw() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { visible } = this.store;
    const count = visible.length;
    this.startDay();
    this.grid.setAttribute('aria-rowcount', count + 1);
    const { scrollTop, clientHeight } = this.grid;
    const first = Math.max(0, Math.floor(scrollTop / this.rowHeight) - BEYOND);
    const last = Math.min(
      count,
      Math.ceil((scrollTop + clientHeight) / this.rowHeight) + BEYOND,
    );
    const shown = new Map();
    for (let index = first; index < last; index++) {
      const item = visible[count - 1 - index];
      shown.set(this.store.keyOf(item), { item, index });
    }
    for (const [key, row] of this.rows) {
      if (shown.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    // In the document the rows stand as they are seen, for who has them read.
    let next = this.body.firstChild;
    for (const [key, { item, index }] of shown) {
      const row = this.rowOf(key, item);
      if (row === next) next = next.nextSibling;
      else this.body.insertBefore(row, next);
      this.place(row, key, index);
    }
    if (shown.has(this.selected)) {
      this.grid.setAttribute('aria-activedescendant', this.idOf(this.selected));
    } else this.grid.removeAttribute('aria-activedescendant');
  }

  /** Times of another day are shown with their date: after midnight, anew. */
  startDay() {
    if (this.day === today()) return;
    this.day = today();
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
  }

  rowOf(key, item) {
    let row = this.rows.get(key);
    if (row === undefined) {
      row = el(
        'div',
        {
          class: 'row',
          role: 'row',
          id: this.idOf(key),
          onclick: () => this.onOpen(key),
        },
        this.cells(item),
      );
      for (const [index, [kind]] of this.columns.entries()) {
        row.children[index].setAttribute('role', 'gridcell');
        row.children[index].classList.add(kind);
      }
      this.rows.set(key, row);
    }
    return row;
  }

  place(row, key, index) {
    row.style.transform = `translateY(${index * this.rowHeight}px)`;
    row.setAttribute('aria-rowindex', index + 2);
    row.setAttribute('aria-selected', key === this.selected);
    row.classList.toggle('odd', index % 2 === 1);
  }

  idOf(key) {
    return `${this.name}-${key}`;
  }

  select(key) {
    if (key === this.selected) return;
    this.selected = key;
    this.draw();
  }

  /** Scrolls to the selected row; returns whether there is one in the list. */
  revealSelected() {
    const { visible, keyOf } = this.store;
    const at = visible.findIndex((item) => keyOf(item) === this.selected);
    if (at < 0) return false;
    this.reveal(visible.length - 1 - at);
    return true;
  }

  toTop() {
    this.grid.scrollTop = 0;
  }

  onKey(event) {
    const moves = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 10,
      PageUp: -10,
      Home: -Infinity,
      End: Infinity,
    };
    const move = moves[event.key];
    if (move !== undefined && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.move(move);
    } else if (event.key === 'Enter' && this.selected !== undefined) {
      event.preventDefault();
      this.onOpen(this.selected, { focus: true });
    }
  }

  move(by) {
    const { visible, keyOf } = this.store;
    if (visible.length === 0) return;
    const at = visible.findIndex((item) => keyOf(item) === this.selected);
    const from = at < 0 ? -1 : visible.length - 1 - at;
    const index = Math.min(Math.max(from + by, 0), visible.length - 1);
    this.reveal(index);
    this.select(keyOf(visible[visible.length - 1 - index]));
    this.onOpen(this.selected, { isMove: true });
  }

  reveal(index) {
    const top = index * this.rowHeight;
    const { scrollTop, clientHeight } = this.grid;
    if (top < scrollTop) this.grid.scrollTop = top;
    else if (top + 2 * this.rowHeight > scrollTop + clientHeight) {
      this.grid.scrollTop = top + 2 * this.rowHeight - clientHeight;
    }
  }
}
