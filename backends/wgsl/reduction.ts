/** Reductions along axes. */
import type { DType } from '../../reference/core/dtypes.ts';
import type { Shape } from '../../reference/core/host.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation, type Node } from './compile/node.ts';
import type { Type } from './compile/types.ts';
import { reduce } from './folding.ts';
import { and, extreme, type Monoid, or, place, product, sum, xor } from './monoids.ts';
import { Runs } from './runs.ts';

function reduced(name: string, x: Node, axes: Shape, type: Type, monoid: Monoid): Node {
  return new Computation({
    name,
    operands: [x],
    results: [type],
    pulled: [x],
    finishes: true,
    make: (making, { results: [result] }) => reduce(making, new Runs(x, axes, making.byFour([x])), monoid, result!),
  }).results[0]!;
}

const reduction =
  (name: string, monoid: (dtype: DType) => Monoid): Lowerer<{ readonly axes: Shape }> =>
  (_, [x], { axes }, [result]) => [reduced(name, x!, axes, result!, monoid(x!.type.dtype))];

const extremePlace =
  (end: 'max' | 'min'): Lowerer<{ readonly axes: Shape; readonly index_dtype: DType }> =>
  (_, [x], { axes, index_dtype }, [result]) => [
    reduced(`arg${end}`, x!, axes, result!, place(x!.type.dtype, end, index_dtype)),
  ];

export const reductions: Part<
  | 'reduce_sum'
  | 'reduce_prod'
  | 'reduce_max'
  | 'reduce_min'
  | 'reduce_and'
  | 'reduce_or'
  | 'reduce_xor'
  | 'argmax'
  | 'argmin'
> = {
  reduce_sum: reduction('reduce_sum', sum),
  reduce_prod: reduction('reduce_prod', product),
  reduce_max: reduction('reduce_max', (dtype) => extreme(dtype, 'max')),
  reduce_min: reduction('reduce_min', (dtype) => extreme(dtype, 'min')),
  reduce_and: reduction('reduce_and', and),
  reduce_or: reduction('reduce_or', or),
  reduce_xor: reduction('reduce_xor', xor),
  argmax: extremePlace('max'),
  argmin: extremePlace('min'),
};
