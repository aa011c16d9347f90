/**
 * Carrying error bounds through programs (spec/numerics.md#error-bounds): how far two executions that keep to the
 * specification may be apart. Two sizes are carried, a proof (`worst`) and a likely one (`variance`).
 */
import type { ConcreteArray } from '../core/array.ts';
import type { ProfileName } from '../core/backend.ts';
import { isFloat } from '../core/dtypes.ts';
import { type HostArray, numbers } from '../core/host.ts';
import { type Atom, type Equation, type Jaxpr, Literal, type Var } from '../core/jaxpr.ts';
import type { AnyFirstOrder, Bound, Bounded, Params } from '../core/primitive.ts';
import { magnitudes } from '../primitives/layout.ts';
import { roundingOf } from './rounding.ts';

/** The reference's results of a program, each with the bound of |backend − reference|. */
export function errorBound(jaxpr: Jaxpr, inputs: readonly HostArray[], profile: ProfileName): Bounded[] {
  return carry(
    jaxpr,
    inputs.map((value) => ({ value, bound: null })),
    profile,
  );
}

/** A jaxpr on values that already are uncertain. */
export function carry(jaxpr: Jaxpr, operands: readonly Bounded[], profile: ProfileName): Bounded[] {
  const known = new Map<Var, Bounded>();
  jaxpr.constvars.forEach((v, i) => known.set(v, { value: (jaxpr.consts[i] as ConcreteArray).toHost(), bound: null }));
  jaxpr.inputs.forEach((v, i) => known.set(v, operands[i]!));
  const read = (x: Atom): Bounded => (x instanceof Literal ? { value: x.value, bound: null } : known.get(x)!);
  for (const equation of jaxpr.equations) {
    const results = carryEquation(equation, equation.inputs.map(read), profile);
    equation.outputs.forEach((v, i) => known.set(v, results[i]!));
  }
  return jaxpr.outputs.map(read);
}

function carryEquation({ primitive, params }: Equation, operands: readonly Bounded[], profile: ProfileName): Bounded[] {
  if (primitive.kind === 'higher-order') {
    return [...primitive.bound((inner, xs) => carry(inner, xs, profile), operands, params)];
  }
  const values = operands.map((x) => x.value);
  const results = primitive.evaluate(values, params);
  const carried = operands.some(isUncertain)
    ? propagate(primitive, operands, results, params)
    : results.map(() => null);
  return results.map((value, i) => {
    const spread = carried[i] ?? null;
    const own = roundingOf(primitive, values, params, value, spread?.worst ?? null, profile);
    return { value, bound: plus(spread, own) };
  });
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
  if (typeof rule === 'object') return results.map((y) => lipschitz(rule.elementwise, operands, y, params));
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
  worst: filled(y.data.length, Infinity),
  variance: filled(y.data.length, Infinity),
});

const worstOf = ({ value, bound }: Bounded): Float64Array => bound?.worst ?? new Float64Array(value.data.length);
const varianceOf = ({ value, bound }: Bounded): Float64Array => bound?.variance ?? new Float64Array(value.data.length);

/** Σ Lₙ·δₙ with one Lipschitz constant per operand over the box of operands. */
function lipschitz(
  constants: (lo: readonly number[], hi: readonly number[], params: Params) => readonly number[],
  operands: readonly Bounded[],
  y: HostArray,
  params: Params,
): Bound {
  const values = operands.map((x) => numbers(x.value));
  const deltas = operands.map(worstOf);
  const variances = operands.map(varianceOf);
  const n = y.data.length;
  const worst = new Float64Array(n);
  const variance = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const at = values.map((v) => (v.length === 1 ? 0 : i)); // clamp's limits may be scalars
    if (deltas.every((d, k) => d[at[k]!] === 0)) continue;
    const lo = values.map((v, k) => v[at[k]!]! - deltas[k]![at[k]!]!);
    const hi = values.map((v, k) => v[at[k]!]! + deltas[k]![at[k]!]!);
    constants(lo, hi, params).forEach((l, k) => {
      worst[i]! += times(l, deltas[k]![at[k]!]!);
      variance[i]! += times(l * l, variances[k]![at[k]!]!);
    });
    if (Number.isNaN(worst[i]!)) worst[i] = variance[i] = Infinity;
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
  // An integer or bool is exact or unknown.
  const unknowns = operands.filter((x) => !isFloat(x.value.dtype)).map(worstOf);
  const overlap = (i: number): boolean => meet(i) || unknowns.some((w) => w[i] !== 0);
  return results.map((y, j) => {
    const [lo, hi] = atEnds.map((r) => numbers(r[j]!));
    const open = numbers(y).map((v, i) => Number(!Object.is(lo![i], v) || !Object.is(hi![i], v) || overlap(i)));
    const worst = Float64Array.from(open, (is) => (is === 1 ? Infinity : 0));
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
  const values = operands.map((x) => numbers(x.value));
  const deltas = operands.map(worstOf);
  return (i) => {
    const width = deltas.reduce((sum, d) => sum + d[i]!, 0);
    return width !== 0 && (operands.length > 2 || !(Math.abs(values[0]![i]! - values[1]![i]!) > width));
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
  const isValue = (n: number): boolean => primitive.operands[Math.min(n, last)]!.dtypes.some(isFloat);
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
  const size = (x: Bounded): Float64Array => numbers(magnitudes(x.value)) as Float64Array;
  const square = (x: Bounded): Float64Array => size(x).map((v) => v * v);
  const sum = (...terms: Float64Array[]): Float64Array => terms[0]!.map((_, i) => terms.reduce((s, t) => s + t[i]!, 0));
  return {
    worst: sum(product(size, worstOf), product(worstOf, size), product(worstOf, worstOf)),
    variance: sum(product(square, varianceOf), product(varianceOf, square), product(varianceOf, varianceOf)),
  };
}

const f64 = (like: HostArray, data: Float64Array): HostArray => ({ shape: like.shape, dtype: 'float64', data });

/** Bounds that came out of an evaluation: ∞ − ∞ and 0·∞ say nothing, which is ∞. */
const bounds = (x: HostArray): Float64Array => Float64Array.from(numbers(x), (v) => (Number.isNaN(v) ? Infinity : v));
