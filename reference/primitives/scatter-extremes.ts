/** The smallest or largest of an element and the updates that it meets: scatter_min and scatter_max (spec/primitives/indexing.md). */
import { type DType, ORDERED } from '../core/dtypes.ts';
import { avalOf, type Element, type HostArray, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Bound, Bounded, Differentiation } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { orderOf } from './numerics/algebra.ts';
import { along, exact, inexact } from './elementwise.ts';
import { jointlyMonotoneBound } from './monotone.ts';
import { combined, mostMeetings, options, readBack, type Scatter, type ScatterParams, scattering } from './scatter-windows.ts'; // prettier-ignore
import { unlessUncertain } from './windows.ts';

const extremum =
  (of: 'min' | 'max') =>
  (terms: readonly Element[], dtype: DType): Element => {
    const order = orderOf(dtype);
    return terms.reduce((a, b) => order[of](a, b));
  };
const largest = extremum('max');

/**
 * The mean of the tangents of those that equal the result, the element itself among them. Where the result is NaN none
 * does, and every tangent counts as NaN.
 */
const sharedTangent: Differentiation<ScatterParams> = {
  active: inexact,
  jvp(lax, [x, indices, updates], [dx, , du], [y], p) {
    if (!dx && !du) return [null];
    const { shape } = updates!;
    const add = (to: NDArray, what: NDArray): NDArray =>
      lax.scatterAdd(to, indices!, what, p.dimension_numbers, options(p));
    const count = (mask: NDArray): NDArray => lax.convertElementType(mask, 'int32');
    const met = add(lax.zerosLike({ shape: x!.shape, dtype: 'int32' }), lax.full(shape, 1, 'int32'));
    const stays = lax.bitwiseOr(lax.eq(x!, y!), lax.eq(met, 0));
    const wins = lax.eq(updates!, readBack(lax, y!, indices!, shape, p));
    const winners = add(count(stays), count(wins));
    const nowhere = lax.eq(winners, 0);
    const own = along(dx, (t) => share(lax, t, stays, nowhere)) ?? lax.zerosLike(x!);
    const sum = du ? add(own, share(lax, du, wins, readBack(lax, nowhere, indices!, shape, p, false))) : own;
    return [lax.div(sum, lax.convertElementType(lax.max(winners, 1), sum.dtype))];
  },
};

/** The tangent where it counts, NaN where the result is; a known factor of 1 or NaN, so that its transpose spoils nothing. */
function share(lax: Lax, t: NDArray, there: NDArray, nowhere: NDArray): NDArray {
  const factor = lax.select(nowhere, lax.fullLike(t, NaN), lax.fullLike(t, 1));
  return lax.select(lax.bitwiseOr(there, nowhere), lax.mul(t, factor), lax.zerosLike(t));
}

function extreme<const N extends 'scatter_min' | 'scatter_max'>(
  name: N,
  spec: `spec/primitives/${string}.md#${NoInfer<N>}`,
  of: 'min' | 'max',
): Scatter<N> {
  const combine = extremum(of);
  return scattering<N>({
    name,
    spec,
    of: of === 'min' ? 'scatterMin' : 'scatterMax',
    dtypes: ORDERED,
    evaluate: (xs, p) => [combined(xs, p, combine)],
    differentiate: sharedTangent,
    bound([x, indices, updates], [y], p) {
      const at = indices!.value;
      const over =
        (f: typeof combine) =>
        ([operand, added]: readonly HostArray[]): HostArray =>
          combined([operand!, at, added!], p, f);
      const pair: readonly Bounded[] = [x!, updates!];
      const known = (): Bound | null =>
        jointlyMonotoneBound(pair, 1 + mostMeetings(avalOf(at)), over(combine), over(largest));
      return [unlessUncertain([indices!], sizeOf(y!.shape), known)];
    },
    accuracy: exact,
  });
}

export const scatterMin: Scatter<'scatter_min'> = extreme('scatter_min', 'spec/primitives/indexing.md#scatter_min', 'min'); // prettier-ignore
export const scatterMax: Scatter<'scatter_max'> = extreme('scatter_max', 'spec/primitives/indexing.md#scatter_max', 'max'); // prettier-ignore
