/** What the families of lowerings share. */
import type { DType } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import type { PrimitiveName } from '../../reference/primitives/index.ts';
import type { Lower, Lowerings } from '../table.ts';
import type { Tensor } from './engine.ts';
import type { Kernels } from './kernels.ts';

/** An operand: data of the engine, and the dtype that it stands for. */
export interface Value extends Tensor {
  readonly type: DType;
}

/**
 * The table. Lowerings are called only for results that have elements, and give each result in any shape of its size:
 * the session knows the shapes.
 */
export type Table = Lowerings<Kernels, Value, Tensor>;
export type Part<N extends PrimitiveName> = Pick<Table, N>;

/** A primitive whose operands have one shape, or are scalars, to be repeated. `type` is that of the first operand. */
export const elementwise =
  <P>(
    compute: (k: Kernels, operands: readonly Tensor[], type: DType, params: P) => Tensor,
  ): Lower<Kernels, Value, Tensor, P> =>
  (k, operands, params, [result]) => {
    const size = sizeOf(result!.shape);
    return [
      compute(
        k,
        operands.map((x) => k.spread(x, size)),
        operands[0]!.type,
        params,
      ),
    ];
  };
