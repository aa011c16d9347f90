/** For tests of the structural primitives: their generated calls, and elements by multi-index. */
import fc from 'fast-check';
import { type DType, dtypes, isComplex } from '../../reference/core/dtypes.ts';
import {
  build,
  buildElements,
  elementFrom,
  flatten,
  type HostArray,
  hostScalar,
  numbers,
  stridesOf,
} from '../../reference/core/host.ts';
import {
  type AnyFirstOrder,
  type Call,
  type FirstOrder,
  type Gen,
  SHAPE_CLASSES,
} from '../../reference/core/primitive.ts';
import { makeGen } from '../programs/gen.ts';

/** The generators of a cell: one of the primitive's dtypes (or of the given ones), one shape class. */
export const gensOf = (p: AnyFirstOrder, dtypes: readonly DType[] = p.dtypes): fc.Arbitrary<Gen> =>
  fc
    .tuple(fc.constantFrom(...dtypes), fc.constantFrom(...SHAPE_CLASSES.filter((c) => c !== 'large')))
    .map(([dtype, shapeClass]) => makeGen(fc, dtype, shapeClass));

/** Valid calls of a primitive. */
export const callsOf = <P extends object>(
  p: FirstOrder<string, P, never> & { readonly kind: 'first-order' },
  dtypes: readonly DType[] = p.dtypes,
): fc.Arbitrary<Call<P>> => gensOf(p, dtypes).chain((gen) => p.cases(gen));

/** The element at a multi-index. */
export const elementAt = (x: HostArray, index: readonly number[]): number =>
  numbers(x)[flatten(index, stridesOf(x.shape))]!;

/** Elements that tell where they came from: `first`, `first + 1`, … */
export const numbered = (x: HostArray, first: number = 1): HostArray => build('float64', x.shape, (i) => first + i);

/**
 * The same array with integers, or parts, from −4 to 4 (unsigned: to 8), so that sums and products of a few do not round.
 */
export const smallIntegers = (x: HostArray, seed: number): HostArray => {
  const at = (i: number): number => ((i * 7 + seed * (i + 3)) % 9) - (dtypes[x.dtype].kind === 'uint' ? 0 : 4);
  return buildElements(x.dtype, x.shape, (i) =>
    isComplex(x.dtype) ? { re: at(i), im: at(i + 5) } : elementFrom(x.dtype, at(i)),
  );
};

/** What is left of a number when it is stored in a dtype: integers wrap, floats round. */
export const stored = (dtype: DType, value: number): number => numbers(hostScalar(dtype, value))[0]!;

/** Runs a property on valid calls. */
export function forCalls<P extends object>(
  p: FirstOrder<string, P, never> & { readonly kind: 'first-order' },
  dtypes: readonly DType[] | undefined,
  check: (call: Call<P>) => void,
): void {
  fc.assert(
    fc.property(callsOf(p, dtypes), (call) => {
      check(call);
    }),
  );
}
