/** Sums, products and extremes of everything up to a place. */
import type { DType } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import type { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation } from './compile/node.ts';
import { linesAlong } from './lines.ts';
import { logSum } from './log-sum.ts';
import { extreme, type Monoid, product, sum } from './monoids.ts';
import { scan } from './scanning.ts';

interface Params {
  readonly axis: number;
  readonly reverse: boolean;
}

const cumulative =
  (name: string, monoidOf: (dtype: DType) => Monoid): Lowerer<Params> =>
  (_, [x], { axis, reverse }, [result]) => {
    const lines = linesAlong(x!.type.shape, axis);
    const { count, length } = lines;
    const monoid = monoidOf(x!.type.dtype);
    /** Where the j-th element of row r is. */
    const place = (k: Builder, r: Code, j: Code): Index =>
      lines.at(k, r, reverse ? k.let('u32', `${length - 1}u - ${j}`) : j);
    return new Computation({
      name,
      operands: [x!],
      results: [result!],
      pulled: [x!],
      finishes: true,
      make(making, { results: [own] }) {
        if (count * length === 0) return;
        const source = {
          count,
          length,
          lanes: 1 as const,
          isContiguous: lines.apart === 1,
          state: (k: Builder, r: Code, j: Code) => monoid.lift(k, k.element(x!, place(k, r, j)), () => '0'),
        };
        scan(making, monoid, source, (k, r, j, state) => k.define(own!, place(k, r, j), monoid.lower(k, state)));
      },
    }).results;
  };

export const cumulatives: Part<'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp'> = {
  cumsum: cumulative('cumsum', sum),
  cumprod: cumulative('cumprod', product),
  cummax: cumulative('cummax', (dtype) => extreme(dtype, 'max')),
  cummin: cumulative('cummin', (dtype) => extreme(dtype, 'min')),
  cumlogsumexp: cumulative('cumlogsumexp', logSum),
};
