/** Sums of elements of any dtype. */
import { domainOf, type DType, isComplex, partOf } from '../../core/dtypes.ts';
import type { Complex, Element } from '../../core/host.ts';
import { algebraOf } from './algebra.ts';
import { exactSum, isFloatDType } from './exact.ts';

/** The sum of a list: of floats, and of the parts of complex numbers, the exact one rounded once; integers wrap. */
export function totalOf(terms: readonly Element[], dtype: DType): Element {
  if (isFloatDType(dtype)) return exactSum(terms as number[], 0, terms.length, dtype);
  if (!isComplex(dtype)) return terms.reduce(algebraOf(dtype).add, domainOf(dtype) === 'bigint' ? 0n : 0);
  const part = (of: keyof Complex): number =>
    totalOf(
      (terms as Complex[]).map((z) => z[of]),
      partOf(dtype),
    ) as number;
  return { re: part('re'), im: part('im') };
}
