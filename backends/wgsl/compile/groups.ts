/** Which values one kernel writes. */
import { sizeOf } from '../../../reference/core/host.ts';
import { type Graph, isComputation, isPull, type Pull } from './graph.ts';
import type { Target } from './making.ts';
import { type Computation, layoutOf, type Node } from './node.ts';
import { CHEAP, LONGEST_TEXT, type Closures } from './closures.ts';

/** Values that one kernel writes, after the results of a computation that it belongs to. */
export interface Group {
  readonly of: Computation | null;
  readonly size: number;
  readonly roots: Pull[];
  /** What it reads from buffers. */
  readonly leaves: Set<Node>;
  /** How many values its text computes. */
  text: number;
  /** Kernels of lower levels do not depend on those of higher ones. */
  readonly level: number;
}

/** The kernels of a program. */
export class Groups {
  readonly all: Group[] = [];
  readonly #closures: Closures;
  readonly #target: Target;
  readonly #groupOf = new Map<Node, Group>();

  constructor(graph: Graph, closures: Closures, target: Target) {
    this.#closures = closures;
    this.#target = target;
    for (const vertex of graph.order) {
      if (isComputation(vertex)) this.#addComputation(vertex);
      else if (isPull(vertex) && closures.isStored(vertex)) this.#addRoot(vertex);
    }
  }

  /** The kernel that writes a value; undefined: it is an input or a constant. */
  of(node: Node): Group | undefined {
    return this.#groupOf.get(node);
  }

  #levelAfter(leaves: Iterable<Node>): number {
    let level = 0;
    for (const leaf of leaves) level = Math.max(level, (this.#groupOf.get(leaf)?.level ?? -1) + 1);
    return level;
  }

  #addComputation(computation: Computation): void {
    const leaves = new Set(this.#closures.leavesOf(computation.operands).keys());
    const group: Group = {
      of: computation,
      size: sizeOf(computation.results[0]!.type.shape),
      roots: [],
      leaves,
      text: 0,
      level: this.#levelAfter(leaves),
    };
    this.all.push(group);
    for (const result of computation.results) this.#groupOf.set(result, group);
  }

  #addRoot(root: Pull): void {
    const { leaves } = this.#closures.closure(root);
    const groups = [...leaves].filter(([, same]) => same).map(([leaf]) => this.#groupOf.get(leaf));
    const fitting = [...new Set(groups)].find((g) => g !== undefined && this.#fits(g, root, leaves));
    const group = fitting ?? this.#sibling(root, leaves) ?? this.#newGroup(root, leaves);
    group.roots.push(root);
    group.text += this.#closures.closure(root).places.size;
    for (const leaf of leaves.keys()) if (this.#groupOf.get(leaf) !== group) group.leaves.add(leaf);
    this.#groupOf.set(root, group);
  }

  /** Whether a kernel can write a value besides: nothing else that it needs comes after that kernel began. */
  #fits(group: Group, root: Pull, leaves: ReadonlyMap<Node, boolean>): boolean {
    const { of, size, level } = group;
    if (size !== sizeOf(root.type.shape)) return false;
    if (group.text + this.#closures.closure(root).places.size > LONGEST_TEXT) return false;
    if (of !== null && !(of.finishes && [...leaves.keys()].filter((x) => this.#groupOf.get(x) === group).length === 1))
      return false;
    for (const [leaf, same] of leaves) {
      const other = this.#groupOf.get(leaf);
      if (other === group ? !same : other !== undefined && other.level >= level) return false;
    }
    const outside = [...leaves.keys()].filter((x) => this.#groupOf.get(x) !== group);
    const written = group.roots.length + (of?.results.length ?? 0) + 1;
    const spare = of === null ? 0 : 1; // what is between the kernels of a computation
    return new Set([...group.leaves, ...outside]).size + written + spare <= this.#target.buffers;
  }

  /** A kernel of the same size that reads some of the same, and that comes neither before nor after. */
  #sibling(root: Pull, leaves: ReadonlyMap<Node, boolean>): Group | undefined {
    const level = this.#levelAfter(leaves.keys());
    return this.all
      .slice(-8)
      .find(
        (g) =>
          g.of === null &&
          g.level === level &&
          [...leaves.keys()].some((x) => g.leaves.has(x)) &&
          this.#fits(g, root, leaves),
      );
  }

  #newGroup(root: Pull, leaves: ReadonlyMap<Node, boolean>): Group {
    const group: Group = {
      of: null,
      size: sizeOf(root.type.shape),
      roots: [],
      leaves: new Set(),
      text: 0,
      level: this.#levelAfter(leaves.keys()),
    };
    this.all.push(group);
    return group;
  }

  /** Values without a buffer that several kernels compute at some cost. */
  repeated(): readonly Node[] {
    const counts = new Map<Pull, number>();
    for (const { of, roots } of this.all) {
      const inner = new Set<Pull>();
      const starts = [...roots, ...(of?.operands ?? [])].map(layoutOf).filter((x) => isPull(x));
      for (const x of starts) {
        if (this.#closures.isStored(x) && !roots.includes(x)) continue;
        for (const y of this.#closures.closure(x).inner) inner.add(y);
      }
      for (const x of inner) if (!this.#closures.isStored(x)) counts.set(x, (counts.get(x) ?? 0) + 1);
    }
    const several = [...counts].filter(([x, n]) => n > 1 && this.#closures.closure(x).cost > CHEAP).map(([x]) => x);
    // Of a chain, its end: what leads there is then computed in one kernel only.
    const inside = new Set(several.flatMap((x) => [...this.#closures.closure(x).inner].filter((y) => y !== x)));
    return several.filter((x) => !inside.has(x));
  }
}
