/**
 * What the elementwise primitives share (spec/primitives/arithmetic.md#elementwise): operands of one shape, each
 * result element a function of the operands' elements at its position. `unary` and `binary` complete a definition.
 */
import type * as FC from 'fast-check';
import { domainOf, type DType, isComplex, isInexact } from '../core/dtypes.ts';
import {
  type Aval,
  aval,
  bigints,
  build,
  buildElements,
  type Complex,
  complexes,
  type Element,
  elements,
  type HostArray,
  numbers,
  sameAval,
  sameShape,
  type Shape,
  showAval,
} from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import {
  type Accuracy,
  type BoundRule,
  type Call,
  type ConstraintId,
  definePrimitive,
  type Differentiation,
  type Discs,
  type ElementwiseBound,
  type FirstOrder,
  type Gen,
  type Tangent,
} from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { call, smallShape } from './draw.ts';

/** The parameters of a primitive that has none. */
export type NoParams = Readonly<Record<string, never>>;
/** A complete first-order primitive, as `definePrimitive` gives it. */
export type Defined<N extends string, P extends object, C extends ConstraintId> = FirstOrder<N, P, C> & {
  readonly kind: 'first-order';
};
export type Unary<N extends string> = Defined<N, NoParams, never>;
export type Binary<N extends string> = Defined<N, NoParams, 'C1'>;

interface Definition<N extends string> {
  readonly name: N;
  readonly spec: `spec/primitives/${string}.md#${NoInfer<N>}`;
  readonly dtypes: readonly DType[];
  /** The dtype of the result, where it is not that of the operands. */
  readonly result?: DType | ((operand: DType) => DType);
  readonly differentiate: Differentiation<NoParams>;
  readonly bound: BoundRule<NoParams>;
  accuracy(operands: readonly Aval[]): Accuracy;
  readonly decompose?: (lax: Lax, operands: readonly NDArray[]) => readonly NDArray[];
  /** Calls, where operands that are drawn alike would seldom be of interest. */
  readonly cases?: (gen: Gen) => FC.Arbitrary<Call<NoParams>>;
}

/** An element as a function of one element, for the dtypes of each domain (`domainOf`) that the primitive takes. */
interface ValueOfOne {
  /** In double precision; storing the result rounds (or wraps) once. */
  value?(x: number, dtype: DType): number;
  long?(x: bigint, dtype: DType): Element;
  complex?(x: Complex, dtype: DType): Element;
}
interface ValueOfTwo {
  value?(x: number, y: number, dtype: DType): number | Complex;
  long?(x: bigint, y: bigint, dtype: DType): Element;
  complex?(x: Complex, y: Complex, dtype: DType): Element;
}

/** Every dtype that a primitive takes needs a rule for its domain. */
function checkDomains(name: string, dtypes: readonly DType[], rules: ValueOfOne | ValueOfTwo): void {
  const byDomain = { number: rules.value, bigint: rules.long, complex: rules.complex };
  const missing = dtypes.find((d) => byDomain[domainOf(d)] === undefined);
  if (missing !== undefined) throw new Error(`${name}: no rule for ${missing}`);
}

const resultOf = (result: Definition<string>['result'], dtype: DType): DType =>
  typeof result === 'function' ? result(dtype) : (result ?? dtype);

/** A primitive of one operand. */
export function unary<const N extends string>(definition: Definition<N> & ValueOfOne): Unary<N> {
  const { dtypes, result, value, long, complex, ...rest } = definition;
  checkDomains(definition.name, dtypes, definition);
  const evaluate = (x: HostArray): HostArray => {
    const { shape, dtype } = x;
    const to = resultOf(result, dtype);
    switch (domainOf(dtype)) {
      case 'number':
        return mapOne(x, (v) => value!(v, dtype), to);
      case 'bigint': {
        const a = bigints(x);
        return buildElements(to, shape, (i) => long!(a[i]!, dtype));
      }
      case 'complex': {
        const at = complexes(x);
        return buildElements(to, shape, (i) => complex!(at(i), dtype));
      }
    }
  };
  return definePrimitive<N, NoParams, never>({
    ...rest,
    operands: [{ name: 'x', dtypes }],
    params: {},
    dtypes,
    constraints: {},
    infer: ([x]) => [aval(x!.shape, resultOf(result, x!.dtype))],
    evaluate: ([x]) => [evaluate(x!)],
    batch: 'elementwise',
    cases: definition.cases ?? ((gen) => sameShapeCases(gen, 1)),
    breaks: {},
  });
}

/** A primitive of two operands of one type. */
export function binary<const N extends string>(
  definition: Definition<N> & ValueOfTwo & { readonly names?: readonly [string, string] },
): Binary<N> {
  const { dtypes, result, value, long, complex, names = ['x', 'y'], ...rest } = definition;
  checkDomains(definition.name, dtypes, definition);
  const evaluate = (x: HostArray, y: HostArray): HostArray => {
    const { shape, dtype } = x;
    const to = resultOf(result, dtype);
    switch (domainOf(dtype)) {
      case 'number':
        return mapTwo(x, y, (a, b) => value!(a, b, dtype), to);
      case 'bigint': {
        const [a, b] = [bigints(x), bigints(y)];
        return buildElements(to, shape, (i) => long!(a[i]!, b[i]!, dtype));
      }
      case 'complex': {
        const [a, b] = [complexes(x), complexes(y)];
        return buildElements(to, shape, (i) => complex!(a(i), b(i), dtype));
      }
    }
  };
  return definePrimitive<N, NoParams, 'C1'>({
    ...rest,
    operands: names.map((name) => ({ name, dtypes })),
    params: {},
    dtypes,
    constraints: {
      C1: ([x, y]) =>
        sameAval(x!, y!) || `${names.join(' and ')} must have one shape and dtype, got ${showAvals([x!, y!])}`,
    },
    infer: ([x]) => [aval(x!.shape, resultOf(result, x!.dtype))],
    evaluate: ([x, y]) => [evaluate(x!, y!)],
    batch: 'elementwise',
    cases: definition.cases ?? ((gen) => sameShapeCases(gen, 2)),
    breaks: { C1: (gen) => unequalCases(gen, dtypes) },
  });
}

export const showAvals = (avals: readonly Aval[]): string => avals.map(showAval).join(', ');

// ---- evaluation

export function mapOne(x: HostArray, f: (x: number) => number, dtype: DType = x.dtype): HostArray {
  const a = numbers(x);
  return build(dtype, x.shape, (i) => f(a[i]!));
}

function mapTwo(x: HostArray, y: HostArray, f: (x: number, y: number) => number | Complex, dtype: DType): HostArray {
  const a = numbers(x);
  const b = numbers(y);
  if (isComplex(dtype)) return buildElements(dtype, x.shape, (i) => f(a[i]!, b[i]!));
  return build(dtype, x.shape, (i) => f(a[i]!, b[i]!) as number);
}

/** Element `i` of an operand that is a scalar or has the result's shape. */
export const elementOf = (x: HostArray): ((i: number) => Element) => {
  const at = elements(x);
  return x.shape.length === 0 ? () => at(0) : at;
};

// ---- differentiation

/** The operands that can carry a tangent, where all of them may. */
export const inexact = (operands: readonly Aval[]): number[] =>
  operands.flatMap((x, i) => (isInexact(x.dtype) ? [i] : []));

/** ẏ as a function of ẋ, x and y; nothing is computed where ẋ is zero. */
export function derivative(
  tangent: (lax: Lax, dx: NDArray, x: NDArray, y: NDArray) => NDArray,
): Differentiation<NoParams> {
  return { active: inexact, jvp: (lax, [x], [dx], [y]) => [dx ? tangent(lax, dx, x!, y!) : null] };
}

/** Applies `f` to a tangent that is not a symbolic zero. */
export const along = (t: Tangent | undefined, f: (t: NDArray) => NDArray): Tangent => (t ? f(t) : null);

export const NO_TANGENT = { zero: 'integers and booleans have no tangents' } as const;
export const PIECEWISE_CONSTANT = { zero: 'piecewise constant: the derivative is zero wherever it exists' } as const;

// ---- error bounds

/** sup |f′| over [lo, hi], for a function of one operand. */
export const lipschitz = (sup: (lo: number, hi: number) => number): ElementwiseBound<NoParams> => ({
  elementwise: ([lo], [hi]) => [sup(lo!, hi!)],
});

/** The same constants everywhere, in the complex plane too. */
export const constantLipschitz = (...constants: readonly number[]): BoundRule<NoParams> => ({
  elementwise: () => constants,
  discs: () => constants,
});

/** On the plane: sup |f′| over the disc around a point. */
export const overDisc =
  (sup: (z: Complex, radius: number) => number): Discs<NoParams> =>
  ([z], [radius]) => [sup(z!, radius!)];

/** The point of [lo, hi] that is nearest to zero. */
export const nearestZero = (lo: number, hi: number): number => (lo > 0 ? lo : hi < 0 ? hi : 0);
/** The largest magnitude in [lo, hi]. */
export const largest = (lo: number, hi: number): number => Math.max(Math.abs(lo), Math.abs(hi));
export const contains = (lo: number, hi: number, x: number): boolean => lo <= x && x <= hi;

// ---- accuracy

export const exact = (): Accuracy => ({ kind: 'exact' });
/** Floats are rounded once; integers are exact. */
export const rounded = ([x]: readonly Aval[]): Accuracy => ({ kind: isInexact(x!.dtype) ? 'rounded' : 'exact' });

// ---- cases

export const NO_PARAMS: NoParams = {};

/** Calls with operands of one drawn shape and the cell's dtype. Two operands are often equal at some positions. */
export function sameShapeCases(gen: Gen, operands: 1 | 2): FC.Arbitrary<Call<NoParams>> {
  return gen.shape().chain((shape) => {
    const args = operands === 1 ? gen.fc.tuple(gen.array(gen.dtype, shape)) : withTies(gen, shape);
    return args.map((list) => ({ args: list, params: NO_PARAMS }));
  });
}

/** Calls of which half have any operands, and half have each in a range of its own. */
export const casesWithin =
  (...ranges: readonly { readonly min: number; readonly max: number }[]) =>
  (gen: Gen): FC.Arbitrary<Call<NoParams>> => {
    const { fc, dtype } = gen;
    const drawn = (options: readonly object[]): FC.Arbitrary<Call<NoParams>> =>
      gen
        .shape()
        .chain((shape) => fc.tuple(...options.map((range) => gen.array(dtype, shape, range))))
        .map((args) => ({ args, params: NO_PARAMS }));
    return fc.oneof(drawn(ranges), drawn(ranges.map(() => ({}))));
  };

/** Two arrays of the cell's dtype, independent or with every other element in common (a tie). */
export function withTies(gen: Gen, shape: Shape): FC.Arbitrary<readonly HostArray[]> {
  const { fc, dtype } = gen;
  return fc
    .tuple(gen.array(dtype, shape), gen.array(dtype, shape), gen.array('bool', shape), fc.integer({ min: 0, max: 2 }))
    .map(([x, y, mask, mood]) => [x, mood > 0 ? y : mixed(mask, x, y)]);
}

/** `x` where the mask is set, else `y`. */
function mixed(mask: HostArray, x: HostArray, y: HostArray): HostArray {
  const [m, a, b] = [numbers(mask), elements(x), elements(y)];
  return buildElements(x.dtype, x.shape, (i) => (m[i] ? a(i) : b(i)));
}

/** Pairs that differ in shape or, where the primitive takes several dtypes, in dtype. */
function unequalCases(gen: Gen, dtypes: readonly DType[]): FC.Arbitrary<Call<NoParams>> {
  const { fc, dtype } = gen;
  const others = dtypes.filter((d) => d !== dtype);
  const pair = (...types: readonly (readonly [DType, Shape])[]) => call(gen, types, NO_PARAMS);
  return smallShape(gen).chain((shape) =>
    fc.oneof(
      pair([dtype, shape], [dtype, [...shape, 2]]),
      ...others.map((other) => pair([dtype, shape], [other, shape])),
    ),
  );
}

// ---- operands that may be scalars

/** Whether an operand is a scalar or has the given shape. */
export const scalarOr = (shape: Shape, x: Aval): boolean => x.shape.length === 0 || sameShape(x.shape, shape);

/** An operand of `clamp` or `select_n` repeated to the shape of the others. */
export const spread = (lax: Lax, x: NDArray, shape: Shape): NDArray =>
  x.ndim === shape.length ? x : lax.broadcast(x, shape);

/**
 * An operand under vmap, for primitives whose operands may be scalars beside arrays of the lane's `shape`: the batch
 * axis goes to the front. What is the same for every lane is repeated if it is `full`, and else stays as it is.
 */
export function batchInFront(
  lax: Lax,
  x: NDArray,
  at: number | null,
  lanes: { readonly size: number; readonly shape: Shape },
  full: boolean,
): NDArray {
  const { size, shape } = lanes;
  if (at === null) return full || x.ndim > 0 ? lax.broadcast(x, [size]) : x;
  return x.ndim > shape.length ? lax.moveAxis(x, at, 0) : lax.broadcastInDim(x, [size, ...shape], [0]);
}

/** The shape of one lane of a batched operand. */
export const laneShape = (x: NDArray, at: number | null): Shape => x.shape.filter((_, d) => d !== at);
