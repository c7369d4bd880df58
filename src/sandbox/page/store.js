/**
 * The newest items of one kind, and those of them that the filter lets through.
 * While it is held, new items wait aside.
 */
export class Store {
  constructor(most, keyOf, haystackOf) {
    this.most = most;
    this.keyOf = keyOf;
    this.haystackOf = haystackOf;
    this.words = [];
    this.haystacks = new WeakMap();
    this.clear();
  }

  clear() {
    this.items = [];
    this.visible = [];
    this.waiting = [];
  }

  /** Adds what came in; returns how many of it are visible. */
  add(items, isHeld) {
    if (isHeld) {
      this.waiting = [...this.waiting, ...items].slice(-this.most);
      return 0;
    }
    const fresh = [...this.waiting, ...items];
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

  filter(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.visible = this.items.filter((item) => this.matches(item));
  }

  matches(item) {
    if (this.words.length === 0) return true;
    let haystack = this.haystacks.get(item);
    if (haystack === undefined) {
      haystack = this.haystackOf(item);
      this.haystacks.set(item, haystack);
    }
    return this.words.every((word) =>
      word.length > 1 && word.startsWith('-')
        ? !haystack.includes(word.slice(1))
        : haystack.includes(word),
    );
  }

  /** The kept item with this key. */
  find(key) {
    return this.items.find((item) => this.keyOf(item) === key);
  }
}
