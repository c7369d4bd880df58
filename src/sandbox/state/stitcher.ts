import type { OdpReceivedEvent } from './received.js';
import type { SegmentState } from './segments.js';

/** Names and values; only non-blank strings identify anybody. */
export type Identifiers = Readonly<Record<string, unknown>>;

/** Values by name, each with its age, so that a merge keeps the latest. */
export class Latest<T> {
  readonly #said = new Map<
    string,
    { readonly value: T; readonly at: number }
  >();

  set(name: string, value: T, at: number): void {
    const said = this.#said.get(name);
    if (said === undefined || said.at < at) this.#said.set(name, { value, at });
  }

  absorb(other: Latest<T>): void {
    for (const [name, { value, at }] of other.#said) this.set(name, value, at);
  }

  toObject(): Record<string, T> {
    return Object.fromEntries(
      [...this.#said].map(([name, { value }]) => [name, value]),
    );
  }
}

/** What is known of one customer so far. */
export class Stitched {
  readonly identifiers = new Map<string, Set<string>>();
  readonly attributes = new Latest<unknown>();
  readonly pinned = new Latest<SegmentState | null>();
  readonly lists = new Latest<{
    readonly subscribed: boolean;
    readonly updatedAt: string;
  }>();
  /** In any order once two customers have become one. */
  readonly events: OdpReceivedEvent[] = [];

  get size(): number {
    return this.events.length + this.identifiers.size;
  }

  identify(name: string, value: string): void {
    const values = this.identifiers.get(name);
    if (values === undefined) this.identifiers.set(name, new Set([value]));
    else values.add(value);
  }

  absorb(other: Stitched): void {
    for (const [name, values] of other.identifiers) {
      for (const value of values) this.identify(name, value);
    }
    this.attributes.absorb(other.attributes);
    this.pinned.absorb(other.pinned);
    this.lists.absorb(other.lists);
    for (const record of other.events) this.events.push(record);
  }
}

interface Node {
  parent: Node | undefined;
  customer: Stitched;
}

/** Union-find over identifiers: those seen together belong to one customer. */
export class Stitcher {
  /** Names of the identifiers seen. */
  readonly names = new Set<string>();
  readonly #nodes = new Map<string, Node>();

  /** The one customer of all these identifiers, merged if they were several. */
  join(identifiers: Identifiers): Stitched | undefined {
    let root: Node | undefined;
    for (const name in identifiers) {
      const value = identifiers[name];
      if (!identifies(value)) continue;
      const key = keyOf(name, value);
      const node = this.#nodes.get(key);
      if (node === undefined) {
        root ??= { parent: undefined, customer: new Stitched() };
        root.customer.identify(name, value);
        this.#nodes.set(key, root);
        this.names.add(name);
      } else {
        root = root === undefined ? rootOf(node) : unite(root, rootOf(node));
      }
    }
    return root?.customer;
  }

  /** The customer that the first known one of these identifiers leads to. */
  find(identifiers: Identifiers): Stitched | undefined {
    for (const [name, value] of Object.entries(identifiers)) {
      const node = identifies(value)
        ? this.#nodes.get(keyOf(name, value))
        : undefined;
      if (node !== undefined) return rootOf(node).customer;
    }
    return undefined;
  }

  all(): Stitched[] {
    const roots = new Set([...this.#nodes.values()].map(rootOf));
    return [...roots].map((root) => root.customer);
  }
}

function unite(a: Node, b: Node): Node {
  if (a === b) return a;
  const [larger, smaller] = a.customer.size < b.customer.size ? [b, a] : [a, b];
  larger.customer.absorb(smaller.customer);
  smaller.parent = larger;
  // Nothing asks a node that is no root for its customer.
  smaller.customer = larger.customer;
  return larger;
}

function rootOf(node: Node): Node {
  let root = node;
  while (root.parent !== undefined) root = root.parent;
  for (let at = node; at.parent !== undefined;) {
    const next = at.parent;
    at.parent = root;
    at = next;
  }
  return root;
}

/** Blank values identify nobody: they would make strangers one customer. */
export function identifies(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function keyOf(name: string, value: string): string {
  return `${name}\u0000${value}`;
}
