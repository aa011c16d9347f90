/**
 * Carrying error bounds through programs (spec/transformations/error-bound.md): how far two executions that keep to the
 * specification may be apart. Two sizes are carried, a proof (`worst`) and a likely one (`variance`).
 */
import type { ConcreteArray } from '../core/array.ts';
import type { ProfileName } from '../core/backend.ts';
import { finfo, isComplex, isFloat, isInexact } from '../core/dtypes.ts';
import { type Complex, complexes, elements, type HostArray, moduli, numbers, parts, sizeOf } from '../core/host.ts';
import { type Atom, type Equation, type Jaxpr, Literal, type Var } from '../core/jaxpr.ts';
import { unresolved } from '../core/named-axes.ts';
import type { AnyFirstOrder, Bound, Bounded, Discs, Params } from '../core/primitive.ts';
import { type Choices, PROFILES, roundingsOf } from './rounding.ts';

/** The likely bound of an error with a variance: four standard deviations. */
export const likelySize = (variance: number): number => 4 * Math.sqrt(variance);

/** The reference's results of a program, each with the bound of |backend − reference|. */
export function errorBound(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  profile: ProfileName,
  choices: Choices = 'free',
): Bounded[] {
  return carry(
    jaxpr,
    inputs.map((value) => ({ value, bound: null })),
    profile,
    choices,
  );
}

/** A jaxpr on values that already are uncertain. */
export function carry(
  jaxpr: Jaxpr,
  operands: readonly Bounded[],
  profile: ProfileName,
  choices: Choices = 'free',
): Bounded[] {
  const known = new Map<Var, Bounded>();
  jaxpr.constvars.forEach((v, i) => known.set(v, { value: (jaxpr.consts[i] as ConcreteArray).toHost(), bound: null }));
  jaxpr.inputs.forEach((v, i) => known.set(v, operands[i]!));
  const read = (x: Atom): Bounded => (x instanceof Literal ? { value: x.value, bound: null } : known.get(x)!);
  for (const equation of jaxpr.equations) {
    const results = carryEquation(equation, equation.inputs.map(read), profile, choices);
    equation.outputs.forEach((v, i) => known.set(v, results[i]!));
  }
  return jaxpr.outputs.map(read);
}

function carryEquation(
  { primitive, params, source }: Equation,
  operands: readonly Bounded[],
  profile: ProfileName,
  choices: Choices,
): Bounded[] {
  if (primitive.kind === 'higher-order') {
    return [...primitive.bound((inner, xs) => carry(inner, xs, profile, choices), operands, params)];
  }
  if (primitive.kind === 'collective') return unresolved(primitive, params, source);
  const values = operands.map((x) => x.value);
  const results = primitive.evaluate(values, params);
  const met = PROFILES[profile].flushToZero ? operands.map((x) => flushable(primitive, x)) : operands;
  const carried = met.some(isUncertain) ? propagate(primitive, met, results, params) : results.map(() => null);
  const own = roundingsOf(primitive, values, params, results, carried, profile, choices);
  return results.map((value, i) => ({ value, bound: plus(carried[i] ?? null, own[i]!) }));
}

/**
 * An operand as a backend meets it that takes subnormals as zeros of either sign: such an element is 0 or itself, and
 * zeros may be on the other side of a pole or cut.
 */
function flushable({ bound: rule }: AnyFirstOrder, operand: Bounded): Bounded {
  const { value } = operand;
  if (!isInexact(value.dtype)) return operand;
  const { tiny, smallestSubnormal } = finfo(value.dtype);
  const perElement = isComplex(value.dtype) ? 2 : 1;
  const at = parts(value);
  const worst = worstOf(operand).slice();
  const variance = varianceOf(operand).slice();
  for (let i = 0; i < worst.length; i++) {
    const own = worst[i]!;
    let [lost, isZero] = [0, false];
    for (let k = i * perElement; k < (i + 1) * perElement; k++) {
      const size = Math.abs(at[k]!);
      if (size - own < tiny) lost = Math.hypot(lost, Math.min(size, own + tiny));
      isZero ||= size <= own;
    }
    // Where the sign of a zero may matter it counts as being on both sides.
    if (lost === 0 && !(isZero && typeof rule !== 'string')) continue;
    worst[i] = (perElement === 1 ? Math.max(own, lost) : own + lost) + smallestSubnormal;
    variance[i] = variance[i]! + worst[i]! ** 2;
  }
  return { value, bound: { worst, variance } };
}

const isUncertain = ({ bound }: Bounded): boolean => bound !== null && bound.worst.some((w) => w !== 0);

function plus(a: Bound | null, b: Bound | null): Bound | null {
  if (a === null || b === null) return a ?? b;
  return { worst: a.worst.map((w, i) => w + b.worst[i]!), variance: a.variance.map((v, i) => v + b.variance[i]!) };
}

/** What the errors of the operands make of the results: the primitive's `bound` rule. */
function propagate(
  primitive: AnyFirstOrder,
  operands: readonly Bounded[],
  results: readonly HostArray[],
  params: Params,
): readonly (Bound | null)[] {
  const rule = primitive.bound;
  if (typeof rule === 'function') return rule(operands, results, params);
  if (typeof rule === 'object') {
    const onPlane = operands.some(({ value }) => isComplex(value.dtype));
    return results.map((y) =>
      onPlane
        ? lipschitzOnPlane(rule.discs ?? everywhereUnknown, operands, y, params)
        : lipschitz(rule.elementwise, operands, y, params),
    );
  }
  switch (rule) {
    case 'exact':
      return primitive.batch === 'elementwise' ? decided(primitive, operands, results, params) : results.map(unknown);
    case 'moves':
    case 'linear':
      return mapped(primitive, operands, results, params);
    case 'bilinear':
      return [products(primitive, operands, params)];
  }
}

const filled = (n: number, value: number): Float64Array => new Float64Array(n).fill(value);
const unknown = (y: HostArray): Bound => ({
  worst: filled(sizeOf(y.shape), Infinity),
  variance: filled(sizeOf(y.shape), Infinity),
});

const worstOf = ({ value, bound }: Bounded): Float64Array => bound?.worst ?? filled(sizeOf(value.shape), 0);
const varianceOf = ({ value, bound }: Bounded): Float64Array => bound?.variance ?? filled(sizeOf(value.shape), 0);

/** The elements in double precision: 64-bit integers are known or unknown, so that their last digits do not matter. */
function doubles({ value }: Bounded): (i: number) => number {
  const at = elements(value);
  return (i) => Number(at(i));
}

const sizes = ({ value }: Bounded): Float64Array => moduli(value);

/** Σ Lₙ·δₙ with one Lipschitz constant per operand over the box of operands. */
function lipschitz(
  constants: (lo: readonly number[], hi: readonly number[], params: Params) => readonly number[],
  operands: readonly Bounded[],
  y: HostArray,
  params: Params,
): Bound {
  const values = operands.map(doubles);
  return weighted(operands, y, (at, deltas) => {
    const lo = values.map((v, k) => v(at[k]!) - deltas[k]!);
    const hi = values.map((v, k) => v(at[k]!) + deltas[k]!);
    return constants(lo, hi, params);
  });
}

/** The same where an operand is complex: the uncertain operands are in discs. */
function lipschitzOnPlane(constants: Discs<Params>, operands: readonly Bounded[], y: HostArray, params: Params): Bound {
  const values = operands.map((x): ((i: number) => Complex) => {
    if (isComplex(x.value.dtype)) return complexes(x.value);
    const at = doubles(x);
    return (i) => ({ re: at(i), im: 0 });
  });
  return weighted(operands, y, (at, radii) => {
    const centres = values.map((v, k) => v(at[k]!));
    return constants(centres, radii, params);
  });
}
const everywhereUnknown = (centres: readonly Complex[]): number[] => centres.map(() => Infinity);

/** Σ Lₙ·δₙ; `constantsAt` gives Lₙ from the places of the operands' elements and their δₙ. */
function weighted(
  operands: readonly Bounded[],
  y: HostArray,
  constantsAt: (at: readonly number[], deltas: readonly number[]) => readonly number[],
): Bound {
  const worsts = operands.map(worstOf);
  const variances = operands.map(varianceOf);
  const results = moduli(y);
  const n = sizeOf(y.shape);
  const worst = new Float64Array(n);
  const variance = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const at = worsts.map((w) => (w.length === 1 ? 0 : i)); // clamp's limits may be scalars
    const deltas = worsts.map((w, k) => w[at[k]!]!);
    if (deltas.every((d) => d === 0)) continue;
    constantsAt(at, deltas).forEach((l, k) => {
      worst[i]! += times(l, deltas[k]!);
      variance[i]! += times(l * l, variances[k]![at[k]!]!);
    });
    // 0·∞ is NaN, of an infinity that may as well have been a number.
    const isByChance = Number.isNaN(results[i]) && deltas.includes(Infinity);
    if (isByChance || Number.isNaN(worst[i]!)) worst[i] = variance[i] = Infinity;
  }
  return { worst, variance };
}

/** 0·∞ is 0: an operand without error adds none, however steep the function is. A product that underflows is not 0. */
const times = (l: number, delta: number): number =>
  delta === 0 || l === 0 ? 0 : Math.max(l * delta, Number.MIN_VALUE);

/**
 * Elementwise results that jump (comparisons, rounding to integers): 0 where the whole interval of operands gives one
 * result, else unknown. One operand: such functions are monotone, so the ends decide. Two: their order does.
 */
function decided(
  primitive: AnyFirstOrder,
  operands: readonly Bounded[],
  results: readonly HostArray[],
  params: Params,
): Bound[] {
  const ends = [-1, 1].map((sign) => operands.map((x) => shifted(x, sign)));
  const atEnds = ends.map((xs) => primitive.evaluate(xs, params));
  const meet = operands.length === 1 ? () => false : overlapping(operands);
  // An integer or bool is exact or unknown; complex numbers have no order that could decide.
  const unknowns = operands.filter((x) => !isInexact(x.value.dtype)).map(worstOf);
  const overlap = (i: number): boolean => meet(i) || unknowns.some((w) => w[i] !== 0);
  return results.map((y, j) => {
    const [middle, lo, hi] = [y, ...atEnds.map((r) => r[j]!)].map(elements);
    const open = (i: number): boolean => !Object.is(lo!(i), middle!(i)) || !Object.is(hi!(i), middle!(i)) || overlap(i);
    const worst = Float64Array.from({ length: sizeOf(y.shape) }, (_, i) => (open(i) ? Infinity : 0));
    return { worst, variance: worst };
  });
}

/** The operand moved to an end of its interval, in f64 so that nothing is rounded away. */
function shifted({ value, bound }: Bounded, sign: number): HostArray {
  if (bound === null || !isFloat(value.dtype)) return value;
  const data = Float64Array.from(numbers(value), (v, i) => v + sign * bound.worst[i]!);
  return { shape: value.shape, dtype: 'float64', data };
}

/** Whether the intervals of the (two) operands meet at an element where at least one of them is uncertain. */
function overlapping(operands: readonly Bounded[]): (i: number) => boolean {
  const deltas = operands.map(worstOf);
  const [a, b] = operands.map(({ value }): ((i: number) => Complex) => {
    const at = elements(value);
    return (i) => {
      const v = at(i);
      return typeof v === 'object' ? v : { re: Number(v), im: 0 };
    };
  });
  return (i) => {
    const width = deltas.reduce((sum, d) => sum + d[i]!, 0);
    if (width === 0 || operands.length > 2) return width !== 0;
    const [x, y] = [a!(i), b!(i)];
    return !(Math.hypot(x.re - y.re, x.im - y.im) > width);
  };
}

/**
 * The primitive applied to the bounds themselves; what it fills in from elsewhere is exact. Operands that cannot be
 * floats are places, not values: results read from an uncertain place are unknown.
 */
function mapped(
  primitive: AnyFirstOrder,
  operands: readonly Bounded[],
  results: readonly HostArray[],
  params: Params,
): Bound[] {
  const last = primitive.operands.length - 1;
  const isValue = (n: number): boolean => primitive.operands[Math.min(n, last)]!.dtypes.some(isInexact);
  if (operands.some((x, n) => !isValue(n) && isUncertain(x))) return results.map(unknown);
  const exactFill = 'fill_value' in params ? { ...params, fill_value: 0 } : params;
  const apply = (of: (x: Bounded) => Float64Array): readonly HostArray[] =>
    primitive.evaluate(
      operands.map((x, n) => (isValue(n) ? f64(x.value, of(x)) : x.value)),
      exactFill,
    );
  const variances = apply(varianceOf);
  return apply(worstOf).map((w, j) => ({ worst: bounds(w), variance: bounds(variances[j]!) }));
}

/** |a|·δb + |b|·δa + δa·δb, the primitive being the product; in double precision, whatever type it is to give. */
function products(primitive: AnyFirstOrder, operands: readonly Bounded[], params: Params): Bound {
  const [a, b] = operands as [Bounded, Bounded];
  const inDoubles = 'preferred_element_type' in params ? { ...params, preferred_element_type: null } : params;
  const product = (f: (x: Bounded) => Float64Array, g: (x: Bounded) => Float64Array): Float64Array =>
    bounds(primitive.evaluate([f64(a.value, f(a)), f64(b.value, g(b))], inDoubles)[0]!);
  const square = (x: Bounded): Float64Array => sizes(x).map((v) => v * v);
  const sum = (...terms: Float64Array[]): Float64Array => terms[0]!.map((_, i) => terms.reduce((s, t) => s + t[i]!, 0));
  return {
    worst: sum(product(sizes, worstOf), product(worstOf, sizes), product(worstOf, worstOf)),
    variance: sum(product(square, varianceOf), product(varianceOf, square), product(varianceOf, varianceOf)),
  };
}

const f64 = (like: HostArray, data: Float64Array): HostArray => ({ shape: like.shape, dtype: 'float64', data });

/** Bounds that came out of an evaluation: ∞ − ∞ and 0·∞ say nothing, which is ∞. */
const bounds = (x: HostArray): Float64Array =>
  new Float64Array(numbers(x)).map((v) => (Number.isNaN(v) ? Infinity : v));
