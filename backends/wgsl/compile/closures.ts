/** Which values have buffers, and what the others are computed from. */
import { sizeOf } from '../../../reference/core/host.ts';
import { type Graph, isComputation, isPull, type Pull } from './graph.ts';
import type { Target } from './making.ts';
import { type Computation, type Constant, layoutOf, type Node } from './node.ts';

/** The values of one kernel at most. */
export const LONGEST_TEXT = 200;
/** What may be computed again in another kernel rather than be written and read, in additions. */
export const CHEAP = 4;

/** What a value without a buffer is computed from. */
export interface Closure {
  /** Values in buffers, and whether they are only asked for at the value's own index. */
  readonly leaves: ReadonlyMap<Node, boolean>;
  readonly inner: ReadonlySet<Pull>;
  /** The same by where they are asked for: each index is text of its own. */
  readonly places: ReadonlySet<string>;
  readonly cost: number;
}

/** The values with buffers: those that were asked for, and those that kernels would need too much without. */
export class Closures {
  readonly #stored: Set<Node>;
  readonly #target: Target;
  readonly #closures = new Map<Pull, Closure>();
  readonly #numbers = new Map<Pull, number>();

  /** Adds to `stored` what has to be. */
  constructor(graph: Graph, stored: Set<Node>, target: Target) {
    this.#stored = stored;
    this.#target = target;
    // What is stored late may be part of what was looked at before: that is then looked at again.
    for (let known = -1; stored.size > known;) {
      known = stored.size;
      this.#closures.clear();
      for (const vertex of graph.order) {
        if (isComputation(vertex)) this.#store(vertex);
        else if (isPull(vertex)) this.#limit(vertex);
      }
    }
  }

  /** The constants that have buffers. */
  constants(): readonly Constant[] {
    return [...this.#stored].filter((x) => x.kind === 'constant');
  }

  // ---- what is stored

  /** A computation's operands are in buffers, unless it pulls them, and those need not too many buffers. */
  #store(computation: Computation): void {
    for (const x of computation.operands) if (!computation.pulled.has(x)) this.#keep(x);
    const most = this.#target.buffers - computation.results.length - 1;
    const pulled = [...computation.pulled].map(layoutOf).filter(isPull);
    while (this.leavesOf(computation.operands).size > most) {
      const widest = largest(
        pulled.filter((x) => !this.#stored.has(x)),
        (x) => this.closure(x).leaves.size,
      );
      if (widest === undefined || this.closure(widest).leaves.size <= 1) return;
      this.#keep(widest);
    }
  }

  /** A value that would need too many buffers, or too much text, has some of its operands stored. */
  #limit(node: Pull): void {
    for (const x of node.operands) if (this.#isRepeated(node, x)) this.#keep(x);
    if (layoutOf(node) !== node) return;
    for (;;) {
      const { leaves, places } = this.#gather(node);
      if (leaves.size <= this.#target.buffers - 2 && places.size < LONGEST_TEXT) break;
      const candidates = [...new Set(node.operands.map(layoutOf))].filter(
        (x) => isPull(x) && !this.#stored.has(x),
      ) as Pull[];
      const worst = largest(candidates, (x) => {
        const closure = this.closure(x);
        return closure.leaves.size * LONGEST_TEXT + closure.places.size;
      });
      if (worst === undefined) break;
      this.#keep(worst);
    }
    this.#closures.set(node, this.#gather(node));
  }

  /** Whether an operand has fewer elements than are asked for, each of them costly. */
  #isRepeated(node: Pull, operand: Node): boolean {
    const x = layoutOf(operand);
    return isPull(x) && sizeOf(x.type.shape) < sizeOf(node.type.shape) && this.closure(x).cost > CHEAP;
  }

  #keep(node: Node): void {
    const x = layoutOf(node);
    if (isPull(x)) this.#stored.add(x);
    else if (x.kind === 'constant') this.#stored.add(x);
  }

  // ---- closures

  isStored(node: Node): boolean {
    return node.kind === 'input' || node.kind === 'result' || this.#stored.has(node);
  }

  closure(node: Pull): Closure {
    let known = this.#closures.get(node);
    if (known === undefined) this.#closures.set(node, (known = this.#gather(node)));
    return known;
  }

  /** How much text a value is in vectors: what is found element by element is written four times. */
  textByFour(node: Pull): number {
    const { inner, places } = this.closure(node);
    const found = [...inner].filter((x) => x.kind === 'indexed' && x.fours === null).length;
    const beneath = [...places].filter((place) => place.includes(' ')).length;
    return places.size + 3 * (found + beneath);
  }

  #numberOf(node: Pull): number {
    let number = this.#numbers.get(node);
    if (number === undefined) this.#numbers.set(node, (number = this.#numbers.size));
    return number;
  }

  #gather(node: Pull): Closure {
    const leaves = new Map<Node, boolean>();
    const inner = new Set<Pull>([node]);
    const places = new Set([String(this.#numberOf(node))]);
    let cost = node.cost;
    for (const operand of node.operands) {
      const isSame = node.kind === 'pointwise' || node.sameLayout === operand;
      const own = isSame && sizeOf(operand.type.shape) === sizeOf(node.type.shape);
      const x = layoutOf(operand);
      if (this.isStored(x)) leaves.set(x, own && leaves.get(x) !== false);
      else if (isPull(x)) {
        const within = this.closure(x);
        for (const place of within.places) places.add(isSame ? place : `${this.#numberOf(node)} ${place}`);
        if (inner.has(x)) continue;
        for (const [leaf, same] of within.leaves) leaves.set(leaf, own && same && leaves.get(leaf) !== false);
        for (const y of within.inner) inner.add(y);
        cost += within.cost;
      }
    }
    return { leaves, inner, places, cost };
  }

  /** The values in buffers that some values are, or are computed from. */
  leavesOf(nodes: readonly Node[]): ReadonlyMap<Node, boolean> {
    const leaves = new Map<Node, boolean>();
    for (const node of nodes) {
      const x = layoutOf(node);
      if (this.isStored(x)) leaves.set(x, true);
      else if (isPull(x)) for (const [leaf, same] of this.closure(x).leaves) leaves.set(leaf, same);
    }
    return leaves;
  }
}

/** The element with the largest value of `by`; undefined: there is none. */
function largest<T>(xs: readonly T[], by: (x: T) => number): T | undefined {
  let best: T | undefined;
  for (const x of xs) if (best === undefined || by(x) > by(best)) best = x;
  return best;
}
