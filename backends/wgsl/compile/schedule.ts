/**
 * Which values of a graph get buffers, and which kernels compute them.
 *
 * A value that is used where it is asked for needs no buffer. Values of one size whose elements follow from one another at
 * the same index are written by one kernel, a reduction's among them. The rest is a matter of counting: no kernel takes
 * more buffers than the device grants or more text than a compiler likes, and what is costly is computed once.
 */
import { isComplex } from '../../../reference/core/dtypes.ts';
import { sizeOf } from '../../../reference/core/host.ts';
import type { Equation } from '../../../reference/core/jaxpr.ts';
import { type Buffers, FOURS_FROM, Making, type Target } from './making.ts';
import { type Computation, layoutOf, type Node, operandsOf, type Result } from './node.ts';
import type { Step } from './plan.ts';

/** The values of one kernel at most. */
const LONGEST_TEXT = 200;
/** What may be computed again in another kernel rather than be written and read, in additions. */
const CHEAP = 4;

type Vertex = Node | Computation;
/** A value whose elements are computed where they are asked for, if it has no buffer. */
type Pull = Extract<Node, { kind: 'pointwise' | 'indexed' }>;

const isPull = (v: Vertex): v is Pull => 'kind' in v && (v.kind === 'pointwise' || v.kind === 'indexed');
const isComputation = (v: Vertex): v is Computation => !('kind' in v);

/** The equation that a value comes from. */
export type Origins = ReadonlyMap<Vertex, Equation>;

/** Appends the steps that compute `outputs`, and gives every one of them a buffer. */
export function schedule(
  outputs: readonly Node[],
  buffers: Buffers,
  target: Target,
  origins: Origins,
): readonly Step[] {
  const graph = new Graph(outputs);
  const results = new Set(outputs.map(layoutOf));
  const stored = new Set<Node>([...results].filter(isPull));
  let kernels = new Kernels(graph, stored, target);
  for (let costly = kernels.repeated(); costly.length > 0; costly = kernels.repeated()) {
    for (const node of costly) stored.add(node);
    kernels = new Kernels(graph, stored, target);
  }
  return kernels.steps(results, buffers, origins);
}

// ---- the graph

/** What the outputs depend on, operands first. */
class Graph {
  readonly order: readonly Vertex[];
  readonly users = new Map<Vertex, Vertex[]>();

  constructor(outputs: readonly Node[]) {
    const order: Vertex[] = [];
    const seen = new Set<Vertex>();
    const stack: { vertex: Vertex; entered: boolean }[] = [];
    for (const output of outputs) {
      stack.push({ vertex: output, entered: false });
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        const { vertex, entered } = top;
        if (entered) order.push(vertex);
        if (entered || seen.has(vertex)) continue;
        seen.add(vertex);
        stack.push({ vertex, entered: true });
        for (const x of dependenciesOf(vertex).toReversed()) {
          stack.push({ vertex: x, entered: false });
          this.users.set(x, [...(this.users.get(x) ?? []), vertex]);
        }
      }
    }
    this.order = order;
  }
}

const dependenciesOf = (v: Vertex): readonly Vertex[] =>
  isComputation(v) ? v.operands : v.kind === 'result' ? [v.of] : operandsOf(v);

// ---- kernels

/** Values that one kernel writes, after the results of a computation that it belongs to. */
interface Group {
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

/** What a value without a buffer is computed from. */
interface Closure {
  /** Values in buffers, and whether they are only asked for at the value's own index. */
  readonly leaves: ReadonlyMap<Node, boolean>;
  readonly inner: ReadonlySet<Pull>;
  /** The same by where they are asked for: each index is text of its own. */
  readonly places: ReadonlySet<string>;
  readonly cost: number;
}

class Kernels {
  readonly #graph: Graph;
  readonly #stored: Set<Node>;
  readonly #target: Target;
  readonly #closures = new Map<Pull, Closure>();
  readonly #numbers = new Map<Pull, number>();
  readonly #groups: Group[] = [];
  readonly #groupOf = new Map<Node, Group>();

  /** Adds to `stored` what has to be. */
  constructor(graph: Graph, stored: Set<Node>, target: Target) {
    this.#graph = graph;
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
    for (const vertex of graph.order) {
      if (isComputation(vertex)) this.#addComputation(vertex);
      else if (isPull(vertex) && stored.has(vertex)) this.#addRoot(vertex);
    }
  }

  // ---- what is stored

  /** A computation's operands are in buffers, unless it pulls them, and those need not too many buffers. */
  #store(computation: Computation): void {
    for (const x of computation.operands) if (!computation.pulled.has(x)) this.#keep(x);
    const most = this.#target.buffers - computation.results.length - 1;
    const pulled = [...computation.pulled].map(layoutOf).filter(isPull);
    while (this.#leavesOf(computation.operands).size > most) {
      const widest = largest(
        pulled.filter((x) => !this.#stored.has(x)),
        (x) => this.#closure(x).leaves.size,
      );
      if (widest === undefined || this.#closure(widest).leaves.size <= 1) return;
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
        const closure = this.#closure(x);
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
    return isPull(x) && sizeOf(x.type.shape) < sizeOf(node.type.shape) && this.#closure(x).cost > CHEAP;
  }

  #keep(node: Node): void {
    const x = layoutOf(node);
    if (isPull(x)) this.#stored.add(x);
    else if (x.kind === 'constant') this.#stored.add(x);
  }

  // ---- closures

  #isStored(node: Node): boolean {
    return node.kind === 'input' || node.kind === 'result' || this.#stored.has(node);
  }

  #closure(node: Pull): Closure {
    let known = this.#closures.get(node);
    if (known === undefined) this.#closures.set(node, (known = this.#gather(node)));
    return known;
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
      if (this.#isStored(x)) leaves.set(x, own && leaves.get(x) !== false);
      else if (isPull(x)) {
        const within = this.#closure(x);
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
  #leavesOf(nodes: readonly Node[]): ReadonlyMap<Node, boolean> {
    const leaves = new Map<Node, boolean>();
    for (const node of nodes) {
      const x = layoutOf(node);
      if (this.#isStored(x)) leaves.set(x, true);
      else if (isPull(x)) for (const [leaf, same] of this.#closure(x).leaves) leaves.set(leaf, same);
    }
    return leaves;
  }

  // ---- groups

  #levelAfter(leaves: Iterable<Node>): number {
    let level = 0;
    for (const leaf of leaves) level = Math.max(level, (this.#groupOf.get(leaf)?.level ?? -1) + 1);
    return level;
  }

  #addComputation(computation: Computation): void {
    const leaves = new Set(this.#leavesOf(computation.operands).keys());
    const group: Group = {
      of: computation,
      size: sizeOf(computation.results[0]!.type.shape),
      roots: [],
      leaves,
      text: 0,
      level: this.#levelAfter(leaves),
    };
    this.#groups.push(group);
    for (const result of computation.results) this.#groupOf.set(result, group);
  }

  #addRoot(root: Pull): void {
    const { leaves } = this.#closure(root);
    const groups = [...leaves].filter(([, same]) => same).map(([leaf]) => this.#groupOf.get(leaf));
    const fitting = [...new Set(groups)].find((g) => g !== undefined && this.#fits(g, root, leaves));
    const group = fitting ?? this.#sibling(root, leaves) ?? this.#newGroup(root, leaves);
    group.roots.push(root);
    group.text += this.#closure(root).places.size;
    for (const leaf of leaves.keys()) if (this.#groupOf.get(leaf) !== group) group.leaves.add(leaf);
    this.#groupOf.set(root, group);
  }

  /** Whether a kernel can write a value besides: nothing else that it needs comes after that kernel began. */
  #fits(group: Group, root: Pull, leaves: ReadonlyMap<Node, boolean>): boolean {
    const { of, size, level } = group;
    if (size !== sizeOf(root.type.shape)) return false;
    if (group.text + this.#closure(root).places.size > LONGEST_TEXT) return false;
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
    return this.#groups
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
    this.#groups.push(group);
    return group;
  }

  /** Values without a buffer that several kernels compute at some cost. */
  repeated(): readonly Node[] {
    const counts = new Map<Pull, number>();
    for (const { of, roots } of this.#groups) {
      const inner = new Set<Pull>();
      const starts = [...roots, ...(of?.operands ?? [])].map(layoutOf).filter((x) => isPull(x));
      for (const x of starts) {
        if (this.#stored.has(x) && !roots.includes(x)) continue;
        for (const y of this.#closure(x).inner) inner.add(y);
      }
      for (const x of inner) if (!this.#stored.has(x)) counts.set(x, (counts.get(x) ?? 0) + 1);
    }
    const several = [...counts].filter(([x, n]) => n > 1 && this.#closure(x).cost > CHEAP).map(([x]) => x);
    // Of a chain, its end: what leads there is then computed in one kernel only.
    const inside = new Set(several.flatMap((x) => [...this.#closure(x).inner].filter((y) => y !== x)));
    return several.filter((x) => !inside.has(x));
  }

  // ---- steps

  steps(outputs: ReadonlySet<Node>, buffers: Buffers, origins: Origins): readonly Step[] {
    const steps: Step[] = [];
    const isNeeded = (node: Node, group: Group): boolean =>
      outputs.has(node) || this.#usersOf(node).some((user) => this.#isOutside(user, group));
    for (const node of outputs) if (node.kind === 'constant') this.#stored.add(node);
    const constants = [...this.#stored].filter((x) => x.kind === 'constant');
    for (const node of constants) steps.push(...this.#filling(node, buffers, origins));
    for (const group of this.#groups.toSorted((a, b) => a.level - b.level)) {
      const roots = group.roots.filter((x) => isNeeded(x, group));
      const results = group.of?.results.filter((x) => isNeeded(x, group)) ?? [];
      for (const x of [...roots, ...results]) buffers.allocate(x);
      if (group.of === null) steps.push(...this.#pointwise(group, roots, buffers, origins));
      else steps.push(...this.#computation(group, group.of, roots, buffers, origins));
    }
    return steps;
  }

  /** What uses a value, reshapes passed over. */
  #usersOf(node: Vertex): readonly Vertex[] {
    const users = this.#graph.users.get(node) ?? [];
    return users.flatMap((user) => (isPull(user) && layoutOf(user) !== user ? this.#usersOf(user) : [user]));
  }

  /** Whether a user is computed in another kernel than this one, or in several. */
  #isOutside(user: Vertex, group: Group): boolean {
    if (isComputation(user)) return true;
    if (this.#stored.has(user)) return this.#groupOf.get(user) !== group;
    return this.#usersOf(user).some((next) => this.#isOutside(next, group));
  }

  #making(group: Group, roots: readonly Pull[], buffers: Buffers, origins: Origins): Making {
    const inner = roots.flatMap((x) => [...this.#closure(x).inner]);
    const equations = [...new Set([...(group.of ? [group.of] : []), ...inner].map((x) => origins.get(x)))].filter(
      (e) => e !== undefined,
    );
    const names = [...new Set(equations.map((e) => e.primitive.name))];
    const label = names.length > 0 ? names.join(' ') : (group.of?.name ?? 'copy');
    const following = roots.map((node) => ({ host: this.#hostOf(node, group), node }));
    return new Making(this.#target, buffers, label, equations[0]?.source ?? null, following);
  }

  /** The result of the group's computation that a value follows from. */
  #hostOf(root: Pull, group: Group): Result | null {
    if (group.of === null) return null;
    for (const [leaf] of this.#closure(root).leaves) {
      if (leaf.kind === 'result' && leaf.of === group.of) return leaf;
      if (this.#groupOf.get(leaf) === group && isPull(leaf)) return this.#hostOf(leaf, group);
    }
    return null;
  }

  #computation(
    group: Group,
    of: Computation,
    roots: readonly Pull[],
    buffers: Buffers,
    origins: Origins,
  ): readonly Step[] {
    if (of.results.every((x) => sizeOf(x.type.shape) === 0)) return [];
    const making = this.#making(group, roots, buffers, origins);
    of.make(making);
    return making.steps;
  }

  #pointwise(group: Group, roots: readonly Pull[], buffers: Buffers, origins: Origins): readonly Step[] {
    if (roots.length === 0) return [];
    const { size } = group;
    const making = this.#making(group, roots, buffers, origins);
    const inner = roots.flatMap((x) => [...this.#closure(x).inner, ...this.#closure(x).leaves.keys()]);
    const areVectors = roots.every((x) => buffers.rowOf(x) === null || size % 4 === 0);
    const byFour = size >= FOURS_FROM && areVectors && inner.every((x) => !isComplex(x.type.dtype));
    making.each(byFour ? Math.ceil(size / 4) : size, (k, i) => {
      k.lanes = byFour ? 4 : 1;
      k.follow(null, i);
    });
    return making.steps;
  }

  #filling(node: Node, buffers: Buffers, origins: Origins): readonly Step[] {
    if (buffers.of(node) !== null) return [];
    buffers.allocate(node);
    const making = new Making(this.#target, buffers, 'constant', origins.get(node)?.source ?? null, []);
    const size = sizeOf(node.type.shape);
    making.each(size, (k, i) => {
      if (node.kind === 'constant') k.store(node, i, k.constantOf(node));
    });
    return making.steps;
  }
}

/** The element with the largest value of `by`; undefined: there is none. */
function largest<T>(xs: readonly T[], by: (x: T) => number): T | undefined {
  let best: T | undefined;
  for (const x of xs) if (best === undefined || by(x) > by(best)) best = x;
  return best;
}
