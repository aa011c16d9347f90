/**
 * Reductions by a computation of one's own (spec/transformations/reduce.md): the elements of several operands, taken
 * together in groups, are combined by a jaxpr. `reduce` and `reduce_window` differ in what the groups are.
 */
import { type Aval, aval, sameShape, type Shape, sizeOf } from '../../core/host.ts';
import type { Jaxpr } from '../../core/jaxpr.ts';
import { namedAxes } from '../../core/named-axes.ts';
import type { NDArray } from '../../core/ndarray.ts';
import {
  type Bounded,
  defineHigherOrder,
  type HigherOrder,
  type HigherOrderPrimitive,
  type Machine,
  type Move,
  type ParamSchema,
} from '../../core/primitive.ts';
import type { Lax, Transforms } from '../../core/rules.ts';
import { range, show, toFront } from '../axes.ts';
import { effectsOf, either, fits, fixpoint, given, hull, isLinear, knownValues, pick, present, spread } from './shared.ts'; // prettier-ignore
import { boundedRow, one, rowAt, rowMoves, stackBounded, stackMoves, stackRows } from './rows.ts';

type Computation = {
  /** Maps what has been combined so far and the next elements, all scalars, to what both make together. */
  readonly jaxpr: Jaxpr;
};
/** The operands that are reduced, and for each what combining begins with. */
const roles = <T>(xs: readonly T[]): { operands: readonly T[]; inits: readonly T[] } => ({
  operands: xs.slice(0, xs.length / 2),
  inits: xs.slice(xs.length / 2),
});

export interface Groups {
  /** The shape of the results. */
  readonly shape: Shape;
  /** The flat positions of the operands' elements that each result is made of, in order. */
  readonly members: readonly (readonly number[])[];
}

type CommonConstraint = 'C1' | 'C2' | 'C3' | 'C4';
type Constraint = CommonConstraint | `C${number}`;

interface Definition<N extends string, G extends object, C extends Constraint> {
  readonly name: N;
  readonly spec: `spec/transformations/${string}.md#${NoInfer<N>}`;
  readonly params: { readonly [K in keyof G]: ParamSchema };
  /** Constraints on the parameters, the operands being of one shape. */
  readonly constraints: { readonly [K in C]: (operands: readonly Aval[], p: G) => true | string };
  readonly breaks: { readonly [K in C]: G };
  /** Parameters that are fit for a vector. */
  readonly plain: G;
  resultShape(shape: Shape, p: G): Shape;
  members(shape: Shape, p: G): Groups['members'];
  /** The members of all groups as `[members, groups]`, with `init` where a group has fewer. */
  columns(lax: Lax, x: NDArray, init: NDArray, p: G): NDArray;
  /** The parameters with a batch axis in front of the operands. */
  batched(p: G): G;
}

/** Completes a reduction by a computation. */
export function groupReduction<const N extends string, G extends object, C extends Constraint>(
  d: Definition<N, G, C>,
): HigherOrderPrimitive<N, Computation & G, CommonConstraint | C> {
  type P = Computation & G;
  const program = (t: Transforms, avals: readonly Aval[], p: P): Jaxpr =>
    t.traceList((xs) => combineAll(t, roles(xs), d.resultShape(xs[0]!.shape, p), p.jaxpr, (x, init) => d.columns(t.lax, x, init, p)), avals); // prettier-ignore
  const avalsOf = (xs: readonly NDArray[]): Aval[] => xs.map((x) => x.aval);

  const definition: HigherOrder<N, P, CommonConstraint | C> = {
    name: d.name,
    spec: d.spec,
    params: { jaxpr: 'jaxpr', ...d.params },
    constraints: { ...CONSTRAINTS, ...d.constraints } as HigherOrder<N, P, CommonConstraint | C>['constraints'],
    recurs: false,
    subJaxprs: ({ jaxpr }) => [jaxpr],
    withSubJaxprs: (params, [jaxpr]) => ({ ...params, jaxpr: jaxpr! }),
    infer: (xs, p) => roles(xs).operands.map((x) => aval(d.resultShape(x.shape, p), x.dtype)),
    evaluate: (machine, xs, p) => {
      const { shape } = machine.aval(xs[0]!);
      return folded(machine, roles(xs), p.jaxpr, { shape: d.resultShape(shape, p), members: d.members(shape, p) });
    },

    moves(xs, p) {
      const { operands, inits } = roles(xs);
      const { length } = d.members(operands[0]!.shape, p);
      const flat = (x: Aval, size: number): Aval => ({ ...x, shape: [size] });
      const reshape = (x: Aval, to: Shape): Move => ({
        primitive: 'reshape',
        operands: [x],
        params: { new_sizes: to },
      });
      return [
        ...operands.flatMap((x) => [reshape(x, [sizeOf(x.shape)]), ...rowMoves(flat(x, sizeOf(x.shape)))]),
        ...inits.map((x) => reshape(x, [])),
        ...operands.flatMap((x) => [
          ...stackMoves(flat(x, length)),
          reshape(flat(x, length), d.resultShape(x.shape, p)),
        ]),
      ];
    },

    jvp(t, x, dx, p) {
      const dual = t.jvp(program(t, avalsOf(x), p), given(dx));
      const results = t.evaluate(dual.jaxpr, [...x, ...present(dx)]);
      return { out: t.bind(primitive, x, p), tangents: spread(results.slice(x.length / 2), dual.out) };
    },

    partialEval: () => null,

    transpose(t, ct, x, p) {
      const linear = x.map(isLinear);
      const avals = x.map((v) => ('linear' in v ? v.linear : v.known.aval));
      const back = t.transpose(program(t, avals, p), linear, given(ct));
      return spread(spread(t.evaluate(back.jaxpr, [...knownValues(x), ...present(ct)]), back.out), linear);
    },

    batch(t, x, at, axis, p) {
      const { operands, inits } = roles(x);
      const where = roles(at);
      const alike = axis.name === null || !namedAxes(p.jaxpr).has(axis.name);
      if (alike && where.inits.every((a) => a === null)) {
        const wide = operands.map((v, i) => toFront(t.lax, v, where.operands[i]!, axis));
        const out = t.bind(primitive, [...wide, ...inits], { ...p, ...d.batched(p) });
        return { out, at: out.map(() => 0) };
      }
      // Each lane begins with something else, or combines in another way.
      const wide = x.map((v, i) => toFront(t.lax, v, at[i]!, axis));
      const lane = wide.map((v) => ({ ...v.aval, shape: v.shape.slice(1) }));
      const all = operands.map(() => true);
      const { jaxpr } = t.batch(program(t, lane, p), x.map(() => true), axis, all); // prettier-ignore
      return { out: t.evaluate(jaxpr, wide), at: all.map(() => 0) };
    },

    /** What has been combined of one operand may be needed for the result of another. */
    dce(t, used, p) {
      const n = used.length;
      const needed = fixpoint(used, (results) => {
        const { inputs } = t.dce(p.jaxpr, results);
        return either(inputs.slice(0, n), inputs.slice(n));
      });
      const small = t.dce(p.jaxpr, needed);
      const twice = [...needed, ...needed];
      const jaxpr = t.traceList(
        (x) => t.evaluate(small.jaxpr, pick(spread(x, twice), small.inputs) as NDArray[]),
        pick(p.jaxpr.inAvals, twice),
      );
      return { params: { ...p, jaxpr }, inputs: twice, results: needed };
    },

    bound(inner, xs, p) {
      const { shape } = xs[0]!.value;
      return bounded(inner, roles(xs), p.jaxpr, { shape: d.resultShape(shape, p), members: d.members(shape, p) });
    },
    effects: ({ jaxpr }) => effectsOf([jaxpr]),
    breaks: breaksOf(d) as HigherOrder<N, P, CommonConstraint | C>['breaks'],
  };
  const primitive: HigherOrderPrimitive<N, P, CommonConstraint | C> = defineHigherOrder(definition);
  return primitive;
}

// ---- values

/** f(… f(f(init, x₀), x₁) …) for each group. */
function folded<V>(
  machine: Machine<V>,
  { operands, inits }: { operands: readonly V[]; inits: readonly V[] },
  jaxpr: Jaxpr,
  { shape, members }: Groups,
): readonly V[] {
  const flat = operands.map((x) => one(machine, 'reshape', [x], { new_sizes: [sizeOf(machine.aval(x).shape)] }));
  const results = members.map((group) => {
    let carry = inits.map((x) => one(machine, 'reshape', [x], { new_sizes: [] }));
    for (const k of group) {
      const next = flat.map((x) => rowAt(machine, x, k));
      const out = machine.interpret(jaxpr, [...carry, ...next]);
      for (const v of [...carry, ...next]) machine.release(v);
      carry = [...out];
    }
    return carry;
  });
  for (const v of flat) machine.release(v);
  return operands.map((x, j) => {
    const row = stackRows(machine, results.map((r) => r[j]!), aval([members.length], machine.aval(x).dtype)); // prettier-ignore
    const result = one(machine, 'reshape', [row], { new_sizes: shape });
    machine.release(row);
    return result;
  });
}

/**
 * The same as operations on whole arrays, which differentiate: neighbours are combined until one of each group is left,
 * and what combining begins with comes in front.
 */
function combineAll(
  t: Transforms,
  { operands, inits }: { operands: readonly NDArray[]; inits: readonly NDArray[] },
  shape: Shape,
  jaxpr: Jaxpr,
  columns: (x: NDArray, init: NDArray) => NDArray,
): readonly NDArray[] {
  const { lax } = t;
  const groups = sizeOf(shape);
  if (groups === 0) return operands.map((x) => lax.zerosLike({ shape, dtype: x.dtype }));
  const combine = (a: readonly NDArray[], b: readonly NDArray[]): NDArray[] => {
    const size = a[0]!.size;
    const flat = [...a, ...b].map((x) => lax.reshape(x, [size]));
    const every = flat.map(() => true);
    const wide = t.batch(jaxpr, every, { size, name: null }, a.map(() => true)); // prettier-ignore
    return t.evaluate(wide.jaxpr, flat).map((y, j) => lax.reshape(y, a[j]!.shape));
  };
  let level = operands.map((x, i) => columns(x, inits[i]!));
  const first = inits.map((init) => lax.broadcast(init, [1, groups]));
  if (level[0]!.shape[0] === 0) return first.map((x) => lax.reshape(x, shape));
  for (let n = level[0]!.shape[0]!; n > 1; n = Math.ceil(n / 2)) {
    const even = n - (n % 2);
    const from = (start: number): NDArray[] => level.map((x) => lax.sliceInDim(x, start, even, 2));
    const pairs = combine(from(0), from(1));
    level = n === even ? pairs : pairs.map((y, j) => lax.concatenate([y, lax.sliceInDim(level[j]!, even, n)], 0));
  }
  return combine(first, level).map((y) => lax.reshape(y, shape));
}

// ---- bounds

type Inner = (jaxpr: Jaxpr, operands: readonly Bounded[]) => readonly Bounded[];

/** Groups of so many members are bounded for every order in which neighbours can be combined. */
const MOST_MEMBERS = 8;

function bounded(
  inner: Inner,
  { operands, inits }: { operands: readonly Bounded[]; inits: readonly Bounded[] },
  jaxpr: Jaxpr,
  { shape, members }: Groups,
): Bounded[] {
  const flat = operands.map(({ value, bound }) => ({ value: { ...value, shape: [sizeOf(value.shape)] }, bound }));
  const results = members.map((group) => {
    const leaves = [inits, ...group.map((k) => flat.map((x) => boundedRow(x, k)))];
    return leaves.length <= MOST_MEMBERS + 1 ? inAnyOrder(inner, jaxpr, leaves) : inOneOrder(inner, jaxpr, leaves);
  });
  return flat.map(({ value: { dtype } }, j) => {
    const { value, bound } = stackBounded(results.map((r) => r[j]!), aval([results.length], dtype)); // prettier-ignore
    return { value: { ...value, shape }, bound };
  });
}

/** What any two ways to combine neighbours, first these or first those, may differ by. */
function inAnyOrder(inner: Inner, jaxpr: Jaxpr, leaves: readonly (readonly Bounded[])[]): readonly Bounded[] {
  const ranges = new Map<string, readonly Bounded[]>();
  const between = (i: number, j: number): readonly Bounded[] => ranges.get(`${i},${j}`)!;
  leaves.forEach((leaf, i) => ranges.set(`${i},${i + 1}`, leaf));
  for (let length = 2; length <= leaves.length; length++) {
    for (let i = 0; i + length <= leaves.length; i++) {
      const j = i + length;
      const ways = range(length - 1).map((k) => inner(jaxpr, [...between(i, i + 1 + k), ...between(i + 1 + k, j)]));
      ranges.set(`${i},${j}`, hull(ways.at(-1)!, ways));
    }
  }
  return between(0, leaves.length);
}

/** One after the other. If nothing is rounded on the way no order rounds anything; else nothing is known. */
function inOneOrder(inner: Inner, jaxpr: Jaxpr, leaves: readonly (readonly Bounded[])[]): readonly Bounded[] {
  const chain = leaves.slice(1).reduce((carry, next) => inner(jaxpr, [...carry, ...next]), leaves[0]!);
  return chain.map(({ value, bound }) => {
    const open = bound !== null && bound.worst.some((w) => w > 0);
    const all = Float64Array.of(Infinity);
    return { value, bound: open ? { worst: all, variance: all } : null };
  });
}

// ---- constraints

const scalars = (xs: readonly Aval[]): Aval[] => xs.map((x) => aval([], x.dtype));

const CONSTRAINTS: { readonly [K in CommonConstraint]: (xs: readonly Aval[], p: Computation) => true | string } = {
  C1: (xs) =>
    (xs.length > 0 && xs.length % 2 === 0) ||
    `there must be operands, and as many initial values, got ${xs.length} together`,
  C2: (xs) => {
    const { operands } = roles(xs);
    return (
      operands.every((x) => sameShape(x.shape, operands[0]!.shape)) ||
      `operands must have one shape, got ${show(operands.map((x) => show(x.shape)))}`
    );
  },
  C3: (xs) => fits(scalars(roles(xs).operands), roles(xs).inits, 'the initial values: it'),
  C4: (xs, { jaxpr }) => {
    const types = scalars(roles(xs).operands);
    const taken = fits(jaxpr.inAvals, [...types, ...types], 'the computation');
    return taken === true ? fits(types, jaxpr.outAvals, 'its result') : taken;
  },
};

function breaksOf<N extends string, G extends object, C extends Constraint>(
  d: Definition<N, G, C>,
): Record<string, (t: Transforms) => { operands: readonly Aval[]; params: Computation & G }> {
  const [scalar, vector] = [aval([], 'float32'), aval([3], 'float32')];
  const added = (t: Transforms, n: number = 1): Jaxpr =>
    t.traceList((x) => range(n).map((i) => t.lax.add(x[i]!, x[n + i]!)), range(2 * n).map(() => scalar)); // prettier-ignore
  const plain = (t: Transforms, n?: number): Computation & G => ({ jaxpr: added(t, n), ...d.plain });
  return {
    C1: (t) => ({ operands: [vector], params: plain(t) }),
    C2: (t) => ({ operands: [vector, aval([2], 'float32'), scalar, scalar], params: plain(t, 2) }),
    C3: (t) => ({ operands: [vector, vector], params: plain(t) }),
    C4: (t) => ({ operands: [vector, scalar], params: plain(t, 2) }),
    ...Object.fromEntries(
      Object.entries<G>(d.breaks).map(([id, broken]) => [
        id,
        (t: Transforms) => ({ operands: [vector, scalar], params: { jaxpr: added(t), ...broken } }),
      ]),
    ),
  };
}
