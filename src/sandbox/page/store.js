import { holds, matches, parse } from './filter.js';

/**
 * The newest items of one kind, and those of them that the filter lets through.
 * While it is held, new items wait aside.
 */
export class Store {
  constructor({ most, keyOf, walk }) {
    this.most = most;
    this.keyOf = keyOf;
    this.walk = walk;
    this.typed = '';
    this.terms = [];
    this.clear();
  }

  clear() {
    this.items = [];
    this.visible = [];
    this.waiting = [];
    this.newest = 0;
  }

  /** Adds what came in and is new; returns how many of it are visible. */
  add(items, isHeld) {
    // After a break everything that is kept comes again.
    const news = items.filter((item) => this.keyOf(item) > this.newest);
    if (news.length > 0) this.newest = this.keyOf(news.at(-1));
    if (isHeld) {
      this.waiting = [...this.waiting, ...news].slice(-this.most);
      return 0;
    }
    const fresh = [...this.waiting, ...news];
    this.waiting = [];
    if (fresh.length === 0) return 0;
    this.items = [...this.items, ...fresh].slice(-this.most);
    const visible = fresh.filter((item) => this.matches(item));
    const oldest = this.keyOf(this.items[0]);
    const stays = this.visible.findIndex((item) => this.keyOf(item) >= oldest);
    this.visible = [
      ...(stays < 0 ? [] : this.visible.slice(stays)),
      ...visible,
    ].slice(-this.most);
    return visible.length;
  }

  /** Filters by what was typed; returns whether that is something new. */
  filter(typed) {
    if (typed === this.typed) return false;
    this.typed = typed;
    this.terms = parse(typed);
    this.visible = this.items.filter((item) => this.matches(item));
    return true;
  }

  matches(item) {
    return matches(this.terms, item, this.walk);
  }

  /** Each term of the filter, and how many items it lets through by itself. */
  counts() {
    return this.terms.map((term) => {
      const passing = this.items.filter((item) => holds(term, item, this.walk));
      return { term, count: passing.length };
    });
  }

  /** The kept item with this key. */
  find(key) {
    const isIt = (item) => this.keyOf(item) === key;
    return this.items.find(isIt) ?? this.waiting.find(isIt);
  }
}
