/** Comparisons and selection. */
import { type DType, isComplex } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { elementwise, magnitudeBits } from './pointwise.ts';

/** Unordered beside NaN, as in WGSL. */
const order = (sign: '<' | '<=' | '>' | '>='): Lowerer<unknown> =>
  elementwise((k, [x, y], dtype) => {
    if (dtype !== 'bool') return `(${x} ${sign} ${y})`;
    return `(${inOrder(k, x!)} ${sign} ${inOrder(k, y!)})`;
  });

const inOrder = (k: Builder, x: Code): Code => `select(${k.constant('int32', 0)}, ${k.constant('int32', 1)}, ${x})`;

function eq(x: Code, y: Code, dtype: DType): Code {
  return isComplex(dtype) ? `all(${x} == ${y})` : `(${x} == ${y})`;
}

/** Case 1 where a bool is set; of a number the case with that number, or the nearest one. */
function select(k: Builder, which: Code, cases: readonly Code[], dtype: DType): Code {
  if (dtype === 'bool') return `select(${cases[0]}, ${cases[1]}, ${which})`;
  return cases
    .slice(1)
    .reduce((chosen, x, i) => `select(${chosen}, ${x}, ${which} > ${k.constant('int32', i)})`, cases[0]!);
}

export const comparison: Part<'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'is_finite' | 'select_n'> = {
  eq: elementwise((_, [x, y], dtype) => eq(x!, y!, dtype)),
  // Of two NaNs, WGSL's own may be false.
  ne: elementwise((_, [x, y], dtype) => `!${eq(x!, y!, dtype)}`),
  lt: order('<'),
  le: order('<='),
  gt: order('>'),
  ge: order('>='),
  is_finite: elementwise((k, [x]) => `(${magnitudeBits(k, x!)} < ${k.constant('uint32', 0x7f800000)})`),
  select_n: elementwise((k, [which, ...cases], dtype) => select(k, which!, cases, dtype)),
};
