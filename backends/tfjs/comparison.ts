/** Comparisons and selection. */
import type { Lower } from '../table.ts';
import type { Tensor } from './engine.ts';
import type { Kernels } from './kernels.ts';
import { elementwise, type Part, type Value } from './lowering.ts';

type Compare = (k: Kernels) => (x: Tensor, y: Tensor) => Tensor;

const compare = (order: Compare): Lower<Kernels, Value, Tensor, unknown> =>
  elementwise((k, [x, y]) => order(k)(x!, y!));

/** An order: unsigned integers are compared as the signed ones of the same order. */
const ordered = (order: Compare): Lower<Kernels, Value, Tensor, unknown> =>
  elementwise((k, [x, y], type) => (type === 'uint32' ? order(k)(k.flipSign(x!), k.flipSign(y!)) : order(k)(x!, y!)));

/** An index below 0 chooses the first case, one past the end the last. */
function select(k: Kernels, which: Tensor, cases: readonly Tensor[]): Tensor {
  if (which.dtype === 'bool') return k.where(which, cases[1]!, cases[0]!);
  return cases.reduce((chosen, x, i) => k.where(k.ge(which, k.like(which, i)), x, chosen));
}

export const comparison: Part<'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'is_finite' | 'select_n'> = {
  eq: compare((k) => k.eq),
  ne: compare((k) => k.ne),
  lt: ordered((k) => k.lt),
  le: ordered((k) => k.le),
  gt: ordered((k) => k.gt),
  ge: ordered((k) => k.ge),
  is_finite: elementwise((k, [x]) => k.run('IsFinite', { x: x! })),
  select_n: elementwise((k, [which, ...cases]) => select(k, which!, cases)),
};
