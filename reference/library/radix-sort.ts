/** Sorting by integer keys without a sort primitive: one stable partition per bit, lowest first. */
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';

/** The order that sorts a vector of uint32 keys, equal ones staying in place: indices as int32. */
export function permutationOf(keys: NDArray): NDArray {
  const size = keys.shape[0]!;
  let order = lax.iota('int32', size);
  let rest = keys;
  for (let bit = 0; bit < 32 && size > 1; bit++) {
    const one = lax.convertElementType(lax.bitwiseAnd(rest, 1), 'int32');
    const target = stableTargets(one);
    rest = scatter(target, lax.div(rest, 2));
    order = scatter(target, order);
  }
  return order;
}

/** Where each element goes if the zeros come before the ones. */
function stableTargets(one: NDArray): NDArray {
  const zero = lax.sub(1, one);
  const zerosBefore = lax.sub(lax.cumsum(zero, 0), 1);
  const zeros = lax.broadcastInDim(lax.reduceSum(zero, [0]), one.shape, []);
  const onesBefore = lax.sub(lax.add(zeros, lax.cumsum(one, 0)), 1);
  return lax.select(lax.ne(one, 0), onesBefore, zerosBefore);
}

/** `result[target[i]] = values[i]`; the targets are a permutation. */
const scatter = (target: NDArray, values: NDArray): NDArray =>
  lax.scatterAdd(
    lax.zerosLike(values),
    lax.expandDims(target, [1]),
    values,
    {
      update_window_dims: [],
      inserted_window_dims: [0],
      scatter_dims_to_operand_dims: [0],
      operand_batching_dims: [],
      scatter_indices_batching_dims: [],
    },
    { mode: 'promise_in_bounds', uniqueIndices: true },
  );
