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
import { Closures, LONGEST_TEXT } from './closures.ts';
import { Graph, isComputation, isPull, type Pull, type Vertex } from './graph.ts';
import { type Group, Groups } from './groups.ts';
import { type Buffers, FOURS_FROM, Making, type Target } from './making.ts';
import { type Computation, type Constant, layoutOf, type Node, type Result } from './node.ts';
import type { Step } from './plan.ts';

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
  for (;;) {
    const closures = new Closures(graph, stored, target);
    const groups = new Groups(graph, closures, target);
    const costly = groups.repeated();
    if (costly.length === 0) return new Kernels(graph, closures, groups, { target, buffers, origins }).steps(results);
    for (const node of costly) stored.add(node);
  }
}

/** What the kernels are made for and of. */
interface Around {
  readonly target: Target;
  readonly buffers: Buffers;
  readonly origins: Origins;
}

/** The text of every kernel, in an order in which they can run. */
class Kernels {
  readonly #graph: Graph;
  readonly #closures: Closures;
  readonly #groups: Groups;
  readonly #around: Around;
  readonly #kernels = new Map<Vertex, ReadonlySet<Group | undefined>>();

  constructor(graph: Graph, closures: Closures, groups: Groups, around: Around) {
    this.#graph = graph;
    this.#closures = closures;
    this.#groups = groups;
    this.#around = around;
  }

  steps(outputs: ReadonlySet<Node>): readonly Step[] {
    const steps: Step[] = [];
    const isNeeded = (node: Node, group: Group): boolean =>
      outputs.has(node) ||
      this.#graph.usersOf(node).some((user) => [...this.#kernelsOf(user)].some((kernel) => kernel !== group));
    const constants = new Set([...this.#closures.constants(), ...[...outputs].filter((x) => x.kind === 'constant')]);
    for (const node of constants) steps.push(...this.#filling(node));
    for (const group of this.#groups.all.toSorted((a, b) => a.level - b.level)) {
      const roots = group.roots.filter((x) => isNeeded(x, group));
      const results = group.of?.results.filter((x) => isNeeded(x, group)) ?? [];
      for (const x of [...roots, ...results]) this.#around.buffers.allocate(x);
      if (group.of === null) steps.push(...this.#pointwise(group, roots));
      else steps.push(...this.#computation(group, group.of, roots));
    }
    return steps;
  }

  /** The kernels that compute a value: one if it has a buffer, or those of all that use it. */
  #kernelsOf(vertex: Vertex): ReadonlySet<Group | undefined> {
    const known = this.#kernels.get(vertex);
    if (known !== undefined) return known;
    const kernels = new Set<Group | undefined>();
    if (isComputation(vertex)) kernels.add(this.#groups.of(vertex.results[0]!));
    else if (this.#closures.isStored(vertex)) kernels.add(this.#groups.of(vertex));
    else
      for (const user of this.#graph.usersOf(vertex)) for (const kernel of this.#kernelsOf(user)) kernels.add(kernel);
    this.#kernels.set(vertex, kernels);
    return kernels;
  }

  #making(group: Group, roots: readonly Pull[]): Making {
    const { target, buffers, origins } = this.#around;
    const inner = roots.flatMap((x) => [...this.#closures.closure(x).inner]);
    const equations = [...new Set([...(group.of ? [group.of] : []), ...inner].map((x) => origins.get(x)))].filter(
      (e) => e !== undefined,
    );
    const names = [...new Set(equations.map((e) => e.primitive.name))];
    const label = names.length > 0 ? names.join(' ') : (group.of?.name ?? 'copy');
    const following = roots.map((node) => ({ host: this.#hostOf(node, group), node }));
    return new Making(target, buffers, label, equations[0]?.source ?? null, following);
  }

  /** The result of the group's computation that a value follows from. */
  #hostOf(root: Pull, group: Group): Result | null {
    if (group.of === null) return null;
    for (const [leaf] of this.#closures.closure(root).leaves) {
      if (leaf.kind === 'result' && leaf.of === group.of) return leaf;
      if (this.#groups.of(leaf) === group && isPull(leaf)) return this.#hostOf(leaf, group);
    }
    return null;
  }

  #computation(group: Group, of: Computation, roots: readonly Pull[]): readonly Step[] {
    if (of.results.every((x) => sizeOf(x.type.shape) === 0)) return [];
    const making = this.#making(group, roots);
    of.make(making);
    return making.steps;
  }

  #pointwise(group: Group, roots: readonly Pull[]): readonly Step[] {
    if (roots.length === 0) return [];
    const { size } = group;
    const making = this.#making(group, roots);
    const inner = roots.flatMap((x) => [
      ...this.#closures.closure(x).inner,
      ...this.#closures.closure(x).leaves.keys(),
    ]);
    const areVectors = roots.every((x) => this.#around.buffers.rowOf(x) === null || size % 4 === 0);
    const isShort = roots.reduce((n, x) => n + this.#closures.textByFour(x), 0) <= LONGEST_TEXT;
    const byFour = size >= FOURS_FROM && areVectors && isShort && inner.every((x) => !isComplex(x.type.dtype));
    making.each(byFour ? Math.ceil(size / 4) : size, (k, i) => {
      k.lanes = byFour ? 4 : 1;
      k.follow(null, i);
    });
    return making.steps;
  }

  /** The elements of a constant, in a buffer. */
  #filling(node: Constant): readonly Step[] {
    const { target, buffers, origins } = this.#around;
    if (buffers.of(node) !== null) return [];
    buffers.allocate(node);
    const making = new Making(target, buffers, 'constant', origins.get(node)?.source ?? null, []);
    const size = sizeOf(node.type.shape);
    making.each(size, (k, i) => k.store(node, i, k.constantOf(node)));
    return making.steps;
  }
}
