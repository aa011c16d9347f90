/** The graph of a program: what its outputs are computed from. */
import { type Computation, layoutOf, type Node, operandsOf } from './node.ts';

/** What is computed. */
export type Vertex = Node | Computation;
/** A value whose elements are computed where they are asked for, if it has no buffer. */
export type Pull = Extract<Node, { kind: 'pointwise' | 'indexed' }>;

export const isPull = (v: Vertex): v is Pull => 'kind' in v && (v.kind === 'pointwise' || v.kind === 'indexed');
export const isComputation = (v: Vertex): v is Computation => !('kind' in v);

/** What the outputs depend on. */
export class Graph {
  readonly #order: Vertex[] = [];
  readonly #users = new Map<Vertex, Set<Vertex>>();

  constructor(outputs: readonly Node[]) {
    const seen = new Set<Vertex>();
    const stack: { vertex: Vertex; entered: boolean }[] = [];
    for (const output of outputs) {
      stack.push({ vertex: output, entered: false });
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        const { vertex, entered } = top;
        if (entered) this.#order.push(vertex);
        if (entered || seen.has(vertex)) continue;
        seen.add(vertex);
        stack.push({ vertex, entered: true });
        for (const x of dependenciesOf(vertex).toReversed()) {
          stack.push({ vertex: x, entered: false });
          this.#use(x, vertex);
        }
      }
    }
  }

  #use(x: Vertex, user: Vertex): void {
    const known = this.#users.get(x);
    if (known === undefined) this.#users.set(x, new Set([user]));
    else known.add(user);
  }

  /** All of it, operands first. */
  get order(): readonly Vertex[] {
    return this.#order;
  }

  /** What uses a value, reshapes passed over. */
  usersOf(node: Vertex): readonly Vertex[] {
    const users = [...(this.#users.get(node) ?? [])];
    return users.flatMap((user) => (isPull(user) && layoutOf(user) !== user ? this.usersOf(user) : [user]));
  }
}

const dependenciesOf = (v: Vertex): readonly Vertex[] =>
  isComputation(v) ? v.operands : v.kind === 'result' ? [v.of] : operandsOf(v);
