/** Programs as graphs: what the lowerings make of each equation, programs within programs included. */
import { ConcreteArray } from '../../../reference/core/array.ts';
import { isComplex } from '../../../reference/core/dtypes.ts';
import { BackendError } from '../../../reference/core/errors.ts';
import { type Aval, type Complex, elements, type HostArray, showAval, sizeOf } from '../../../reference/core/host.ts';
import { type Atom, type Equation, type Jaxpr, Literal } from '../../../reference/core/jaxpr.ts';
import { unresolved } from '../../../reference/core/named-axes.ts';
import type { NDArray } from '../../../reference/core/ndarray.ts';
import { type AnyPrimitive, inferAvals, type Machine, type Params } from '../../../reference/core/primitive.ts';
import {
  type HigherOrderName,
  type ParamsOf,
  primitiveNamed,
  type PrimitiveName,
} from '../../../reference/primitives/index.ts';
import { type Lower, lowererOf, type Lowerings } from '../../table.ts';
import { type Computation, Constant, Input, type Node, operandsOf } from './node.ts';
import { showOwner } from './plan.ts';
import { isHeld, type Type } from './types.ts';

/** Kernels count elements in 32 bits, and their loops may step beyond the last one. */
const MOST_ELEMENTS = 2 ** 31;

/** The table: what each primitive is made of. */
export type Table = Lowerings<Graph, Node>;
export type Part<N extends PrimitiveName> = Pick<Table, N>;
export type Lowerer<P> = Lower<Graph, Node, Node, P>;

/** How equations with programs inside become computations, where their own rule would need a value on the way. */
export type HigherLowerings = {
  readonly [N in HigherOrderName]?: (
    graph: Graph,
    operands: readonly Node[],
    params: Params,
    results: readonly Aval[],
  ) => readonly Node[];
};

const avalOf = ({ type: { shape, dtype } }: Node): Aval => ({ shape, dtype, weak: false });

/** The graph of a program in the making. */
export class Graph {
  readonly table: Table;
  readonly higher: HigherLowerings;
  /** The equations that values come from, for labels and errors. */
  readonly origins: Map<Node | Computation, Equation>;
  /** Whether what is being lowered is part of what happens; null: it always is. Loops that need not end look at it. */
  active: Node | null = null;
  #equation: Equation | null = null;
  readonly #constants: Map<NDArray, Node>;
  readonly #machine: Machine<Node>;

  constructor(table: Table, higher: HigherLowerings, outer: Graph | null = null) {
    this.table = table;
    this.higher = higher;
    this.origins = outer === null ? new Map<Node | Computation, Equation>() : outer.origins;
    this.#constants = outer === null ? new Map<NDArray, Node>() : outer.#constants;
    this.#machine = {
      interpret: (jaxpr, operands) => this.enter(jaxpr, operands),
      apply: (name, operands, params) => this.#applyNamed(name, operands, params),
      aval: avalOf,
      constant: (value) => this.constant(value),
      release: () => {},
      read: () => {
        throw new BackendError('a value is needed on the host while the program is compiled');
      },
    };
  }

  /** A graph of its own for what is within a loop: it shares nothing but constants. */
  child(): Graph {
    return new Graph(this.table, this.higher, this);
  }

  /** The values of a program's results, its inputs being `operands`. */
  enter(jaxpr: Jaxpr, operands: readonly Node[]): readonly Node[] {
    const values = new Map<Atom, Node>();
    jaxpr.constvars.forEach((v, i) => values.set(v, this.#constantOf(jaxpr.consts[i]!)));
    jaxpr.inputs.forEach((v, i) => values.set(v, operands[i]!));
    const valueOf = (x: Atom): Node => (x instanceof Literal ? this.constant(x.value) : values.get(x)!);
    for (const equation of jaxpr.equations) {
      const outer = this.#equation;
      // What the user's line calls is told of the innermost equation.
      this.#equation = equation;
      const results = this.apply(equation.primitive, equation.inputs.map(valueOf), equation.params);
      equation.outputs.forEach((v, i) => values.set(v, results[i]!));
      for (const node of results) this.#note(node, equation);
      this.#equation = outer;
    }
    return jaxpr.outputs.map(valueOf);
  }

  /** The equation that is being lowered. */
  get equation(): Equation | null {
    return this.#equation;
  }

  #note(node: Node, equation: Equation): void {
    const seen: (Node | Computation)[] = [node];
    for (let at = seen.pop(); at !== undefined; at = seen.pop()) {
      if (this.origins.has(at)) continue;
      this.origins.set(at, equation);
      if ('kind' in at && at.kind === 'result') seen.push(at.of);
      else seen.push(...('kind' in at ? operandsOf(at) : at.operands));
    }
  }

  /** The results of a primitive, by its lowering. */
  apply(primitive: AnyPrimitive, operands: readonly Node[], params: Params): readonly Node[] {
    const results = inferAvals(primitive, operands.map(avalOf), params);
    for (const result of results) this.#requireCountable(primitive, result);
    switch (primitive.kind) {
      case 'first-order':
        return lowererOf(this.table, primitive)(this, operands, params, results);
      case 'higher-order': {
        const lower = this.higher[primitive.name as HigherOrderName];
        return lower === undefined
          ? primitive.evaluate(this.#machine, operands, params)
          : lower(this, operands, params, results);
      }
      case 'collective':
        return unresolved(primitive, params, null);
    }
  }

  #requireCountable({ name }: AnyPrimitive, result: Aval): void {
    const count = sizeOf(result.shape);
    if (count <= MOST_ELEMENTS) return;
    const owner = showOwner({ label: name, source: this.#equation?.source ?? null });
    throw new BackendError(
      `wgsl: the result of ${owner}, ${showAval(result)}, has ${count} elements, and kernels count to ${MOST_ELEMENTS}; compute it in smaller parts`,
    );
  }

  /** The only result of a first-order primitive. */
  call<N extends PrimitiveName>(name: N, operands: readonly Node[], params: ParamsOf<N>): Node {
    return this.callAll(name, operands, params)[0]!;
  }

  /** The results of a first-order primitive. */
  callAll<N extends PrimitiveName>(name: N, operands: readonly Node[], params: ParamsOf<N>): readonly Node[] {
    return this.#applyNamed(name, operands, params as Params);
  }

  #applyNamed(name: string, operands: readonly Node[], params: Params): readonly Node[] {
    const primitive = primitiveNamed(name);
    if (primitive === undefined) throw new BackendError(`no primitive is called ${name}`);
    return this.apply(primitive, operands, params);
  }

  #constantOf(value: NDArray): Node {
    let node = this.#constants.get(value);
    if (node === undefined) this.#constants.set(value, (node = this.constant(hostOf(value))));
    return node;
  }

  /** A value that is known when the program is compiled. */
  constant(value: HostArray): Node {
    const type: Type = { shape: value.shape, dtype: value.dtype };
    if (sizeOf(type.shape) !== 1 || !isHeld(type.dtype)) return new Input(type, value);
    const only = elements(value)(0);
    if (!isComplex(type.dtype)) return new Constant(type, Number(only));
    const { re, im } = only as Complex;
    return new Constant(type, re, im);
  }
}

function hostOf(constant: NDArray): HostArray {
  if (constant instanceof ConcreteArray) return constant.toHost();
  throw new BackendError('a constant of the program is a tracer: its transformation has not ended');
}
