/**
 * Updates written to computed places, added and multiplied there: scatter, scatter_add, scatter_mul
 * (spec/primitives/indexing.md); scatter_min and scatter_max stand in scatter-extremes.ts.
 */
import { ANY, type DType, isComplex, isInexact, NUMBERS, partOf } from '../core/dtypes.ts';
import { type Complex, type Element, type HostArray, mover, numbers, type Shape, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Bound, type Bounded, knownOperand, operandAval } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { algebraOf, complexProduct, productAccuracy } from './numerics/algebra.ts';
import { along, inexact } from './elementwise.ts';
import { exactComplexProduct, exactProduct, isFloatDType } from './numerics/exact.ts';
import { magnitudes } from './layout.ts';
import { ProductError } from './numerics/product-error.ts';
import {
  combined,
  meetings,
  mostMeetings,
  options,
  readBack,
  type Scatter,
  type ScatterParams,
  scattering,
} from './scatter-windows.ts';
import { totalOf } from './numerics/totals.ts';
import { unlessUncertain } from './windows.ts';

// ---- scatter

/** The operand with each element that meets updates replaced by the one that `choose` takes of them. */
function written(
  xs: readonly HostArray[],
  p: ScatterParams,
  choose: (updates: readonly number[]) => number,
): HostArray {
  const [x, , updates] = xs;
  const data = x!.data.slice();
  const move = mover(data, updates!);
  for (const [at, from] of meetings(xs, p)) move(at, choose(from));
  return { ...x!, data };
}

/** What there is when in every place the first, the second, … update wins (the last where there are fewer). */
function choices(xs: readonly HostArray[], p: ScatterParams): HostArray[] {
  const most = Math.max(1, ...[...meetings(xs, p).values()].map((from) => from.length));
  return Array.from({ length: most }, (_, k) => written(xs, p, (from) => from[Math.min(k, from.length - 1)]!));
}

/** A number for each update, from 1 on. */
const numbered = (lax: Lax, updates: Shape): NDArray =>
  lax.reshape(lax.add(lax.iota('int32', sizeOf(updates)), 1), updates);

/** Where the updates of the given numbers have won; `winners` holds a number for each operand element, 0 for none. */
const hasWon = (lax: Lax, winners: NDArray, indices: NDArray, ids: NDArray, p: ScatterParams): NDArray =>
  lax.eq(ids, readBack(lax, winners, indices, ids.shape, p));

const masked = (lax: Lax, mask: NDArray, t: NDArray): NDArray => lax.select(mask, t, lax.zerosLike(t));
/** Equality for which NaN equals itself. */
const alike = (lax: Lax, a: NDArray, b: NDArray): NDArray =>
  lax.bitwiseOr(lax.eq(a, b), lax.bitwiseAnd(lax.ne(a, a), lax.ne(b, b)));

export const scatter: Scatter<'scatter'> = scattering({
  name: 'scatter',
  spec: 'spec/primitives/indexing.md#scatter',
  of: 'scatter',
  dtypes: ANY,
  evaluate: (xs, p) => [written(xs, p, (from) => from.at(-1)!)],
  differentiate: {
    active: inexact,
    /**
     * The tangent of an element is that of the update that has won, whichever the backend took: one whose value is
     * the result's. Of several with that value the last counts.
     */
    jvp(lax, [x, indices, updates], [dx, , du], [y], p) {
      if (!dx && !du) return [null];
      const [own, added] = [dx ?? lax.zerosLike(x!), du ?? lax.zerosLike(updates!)];
      if (p.unique_indices) return [lax.scatter(own, indices!, added, p.dimension_numbers, options(p))];
      const { shape } = updates!;
      const ids = numbered(lax, shape);
      const claims = alike(lax, updates!, readBack(lax, y!, indices!, shape, p));
      const nobody = lax.zerosLike({ shape: x!.shape, dtype: ids.dtype });
      const winners = lax.scatterMax(nobody, indices!, masked(lax, claims, ids), p.dimension_numbers, options(p));
      const kept = masked(lax, lax.eq(winners, 0), own);
      const won = masked(lax, hasWon(lax, winners, indices!, ids, p), added);
      return [lax.scatterAdd(kept, indices!, won, p.dimension_numbers, options(p))];
    },
    transpose: {
      linearIn: [[0, 2]],
      rule(lax, [ct], [x, at, updates], p) {
        if (!ct) return [null, null, null];
        const indices = knownOperand(at!);
        const { shape } = operandAval(updates!);
        const replaced = (): NDArray =>
          lax.scatter(ct, indices, lax.zerosLike({ shape, dtype: ct.dtype }), p.dimension_numbers, options(p));
        const winning = (): NDArray => {
          const back = readBack(lax, ct, indices, shape, p, 0);
          if (p.unique_indices) return back;
          const ids = numbered(lax, shape);
          const nobody = lax.zerosLike({ shape: ct.shape, dtype: ids.dtype });
          const winners = lax.scatter(nobody, indices, ids, p.dimension_numbers, options(p));
          return masked(lax, hasWon(lax, winners, indices, ids, p), back);
        };
        return ['linear' in x! ? replaced() : null, null, 'linear' in updates! ? winning() : null];
      },
    },
  },
  bound(xs, [y], p) {
    const [x, indices, updates] = xs;
    const size = sizeOf(y!.shape);
    const known = (): Bound | null => {
      if (x!.bound === null && updates!.bound === null) return null;
      const [before, added] = [certain(x!, size), certain(updates!, sizeOf(updates!.value.shape))];
      const result = { worst: before.worst.slice(), variance: before.variance.slice() };
      for (const [at, from] of meetings(values(xs), p)) {
        // Where they do not differ it is open still which one's error there is.
        result.worst[at] = Math.max(...from.map((u) => added.worst[u]!));
        result.variance[at] = Math.max(...from.map((u) => added.variance[u]!));
      }
      return result;
    };
    return [unlessUncertain([indices!], size, known)];
  },
  accuracy: (_, p) => (p.unique_indices ? { kind: 'exact' } : { kind: 'oneOf', choices: (xs) => choices(xs, p) }),
});

const values = (xs: readonly Bounded[]): HostArray[] => xs.map((x) => x.value);
/** A bound; zeros for what is exact. */
const certain = ({ bound }: Bounded, size: number): Bound =>
  bound ?? { worst: new Float64Array(size), variance: new Float64Array(size) };

// ---- scatter_add

/** That of −0 only is −0, as it is in IEEE 754. */
function sumOf(terms: readonly Element[], dtype: DType): Element {
  const parts = (of: keyof Complex): number[] => (terms as Complex[]).map((z) => z[of]);
  if (isComplex(dtype))
    return { re: sumOf(parts('re'), partOf(dtype)), im: sumOf(parts('im'), partOf(dtype)) } as Complex;
  return isInexact(dtype) && terms.every((x) => Object.is(x, -0)) ? -0 : totalOf(terms, dtype);
}

/** Plain sums of magnitudes or bounds, in double precision. */
function plainSums([x, indices, updates]: readonly HostArray[], p: ScatterParams): Float64Array {
  const add = (terms: readonly Element[]): number => (terms as number[]).reduce((a, b) => a + b);
  return Float64Array.from(numbers(combined([x!, indices!, updates!], p, add)));
}

export const scatterAdd: Scatter<'scatter_add'> = scattering({
  name: 'scatter_add',
  spec: 'spec/primitives/indexing.md#scatter_add',
  of: 'scatterAdd',
  dtypes: NUMBERS,
  evaluate: (xs, p) => [combined(xs, p, sumOf)],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x, indices, updates], p) {
      const { shape } = operandAval(updates!);
      const added = along(ct, (t) => readBack(lax, t, knownOperand(indices!), shape, p, 0));
      return ['linear' in x! ? ct! : null, null, 'linear' in updates! ? added : null];
    },
  },
  bound([x, indices, updates], [y], p) {
    const size = sizeOf(y!.shape);
    const part = (of: Bounded, name: keyof Bound): HostArray => {
      const { shape } = of.value;
      return { shape, dtype: 'float64', data: certain(of, sizeOf(shape))[name] };
    };
    const added = (name: keyof Bound): Float64Array =>
      plainSums([part(x!, name), indices!.value, part(updates!, name)], p);
    const known = (): Bound | null =>
      x!.bound === null && updates!.bound === null ? null : { worst: added('worst'), variance: added('variance') };
    return [unlessUncertain([indices!], size, known)];
  },
  accuracy([x, indices], p) {
    if (!isInexact(x!.dtype)) return { kind: 'exact' };
    return {
      kind: 'sum',
      terms: 1 + mostMeetings(indices!),
      magnitude: ([operand, at, updates]) => plainSums([magnitudes(operand!), at!, magnitudes(updates!)], p),
    };
  },
});

// ---- scatter_mul

const bothFinite = ({ re, im }: Complex): boolean => Number.isFinite(re) && Number.isFinite(im);

/**
 * The exact product, rounded once, of complex numbers each part of it; integers wrap. What infinities make of one another is
 * up to the factors alone: a product that began with 1 + 0i would be NaN where one part is infinite.
 */
function productOf(factors: readonly Element[], dtype: DType): Element {
  const n = factors.length;
  if (isFloatDType(dtype)) return exactProduct(factors as number[], 0, n, dtype);
  const part = partOf(dtype);
  if (isFloatDType(part)) {
    const given = factors as Complex[];
    if (!given.every(bothFinite)) return given.reduce(complexProduct);
    return exactComplexProduct((i) => given[i]!, 0, n, part);
  }
  return factors.reduce(algebraOf(dtype).mul);
}

/** For each place of a row the product of what precedes it among equal places, which stand together. */
function productsBefore(lax: Lax, places: NDArray, factors: NDArray): NDArray {
  const moved = (x: NDArray, by: number, fill: number): NDArray => lax.pad(x, fill, [[by, -by, 0]]);
  const together = (by: number): NDArray => lax.eq(places, moved(places, by, -1));
  const others = (x: NDArray, by: number): NDArray => lax.select(together(by), moved(x, by, 1), lax.fullLike(x, 1));
  let product = others(factors, 1);
  for (let by = 1; by < factors.size; by *= 2) product = lax.mul(product, others(product, by));
  return product;
}

/**
 * For each update the product of everything else that meets its element. It divides by nothing, so zeros among the
 * factors are as good as any other, also for derivatives of it.
 */
function cofactors(lax: Lax, x: NDArray, indices: NDArray, updates: NDArray, p: ScatterParams): NDArray {
  const before = readBack(lax, x, indices, updates.shape, p, 0);
  const n = updates.size;
  if (p.unique_indices || n < 2) return before;
  const numberedPlaces = lax.reshape(lax.iota('int32', x.size), x.shape);
  const places = readBack(lax, numberedPlaces, indices, updates.shape, p); // negative where an update is dropped
  const flat = (a: NDArray): NDArray => lax.reshape(a, [n]);
  const [at, order, factors] = lax.sort([flat(places), lax.iota('int32', n), flat(updates)], 0);
  const back = (a: NDArray): NDArray => lax.rev(a, [0]);
  const others = lax.mul(productsBefore(lax, at!, factors!), back(productsBefore(lax, back(at!), back(factors!))));
  const inPlace = lax.reshape(lax.sort([order!, others], 0)[1]!, updates.shape);
  return masked(lax, lax.ge(places, 0), lax.mul(before, inPlace));
}

export const scatterMul: Scatter<'scatter_mul'> = scattering({
  name: 'scatter_mul',
  spec: 'spec/primitives/indexing.md#scatter_mul',
  of: 'scatterMul',
  dtypes: NUMBERS,
  evaluate: (xs, p) => [combined(xs, p, productOf)],
  differentiate: {
    active: inexact,
    jvp(lax, [x, indices, updates], [dx, , du], _, p) {
      const d = p.dimension_numbers;
      const own = along(dx, (t) => lax.scatterMul(t, indices!, updates!, d, options(p)));
      if (!du) return [own];
      const added = lax.mul(du, cofactors(lax, x!, indices!, updates!, p));
      return [lax.scatterAdd(own ?? lax.zerosLike(x!), indices!, added, d, options(p))];
    },
    transpose: {
      linearIn: [[0]],
      rule: (lax, [ct], [, indices, updates], p) => [
        along(ct, (t) =>
          lax.scatterMul(t, knownOperand(indices!), knownOperand(updates!), p.dimension_numbers, options(p)),
        ),
        null,
        null,
      ],
    },
  },
  bound(xs, [y], p) {
    const [x, indices, updates] = xs;
    const size = sizeOf(y!.shape);
    const known = (): Bound | null => {
      if (x!.bound === null && updates!.bound === null) return null;
      const [before, factors] = [numbers(magnitudes(x!.value)), numbers(magnitudes(updates!.value))];
      const [own, added] = [certain(x!, size), certain(updates!, factors.length)];
      const result = { worst: own.worst.slice(), variance: own.variance.slice() };
      for (const [at, from] of meetings(values(xs), p)) {
        const error = new ProductError();
        error.add(before[at]!, own.worst[at]!, own.variance[at]!);
        for (const u of from) error.add(factors[u]!, added.worst[u]!, added.variance[u]!);
        [result.worst[at], result.variance[at]] = [error.worst, error.variance];
      }
      return result;
    };
    return [unlessUncertain([indices!], size, known)];
  },
  accuracy: ([x, indices]) => productAccuracy(x!.dtype, 1 + mostMeetings(indices!)),
});
