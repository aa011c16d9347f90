/** Conversion between dtypes (spec/primitives/conversion.md). */
import { ANY, type DType, dtypes, finfo, iinfo, isFloat } from '../core/dtypes.ts';
import { aval } from '../core/host.ts';
import { definePrimitive, operandAval } from '../core/primitive.ts';
import { along, contains, type Defined, exact, inexact, mapOne, sameShapeCases } from './elementwise.ts';

export interface ConvertElementTypeParams {
  readonly new_dtype: DType;
  /** Whether the result counts as a JavaScript number's: it yields to the dtype of what it meets. */
  readonly weak_type: boolean;
}

/** Truncates; the nearest integer of the dtype where there is none, 0 for NaN. */
function saturate(x: number, dtype: DType): number {
  const { min, max } = iinfo(dtype);
  return Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), min), max);
}

/** The value to be stored as `to`; storing rounds floats to nearest even and wraps integers modulo 2³². */
function converted(x: number, from: DType, to: DType): number {
  if (to === 'bool') return Number(x !== 0);
  return isFloat(from) && !isFloat(to) ? saturate(x, to) : x;
}

/** Bits of the largest significand of a dtype's values. */
const digits = (dtype: DType): number => (isFloat(dtype) ? finfo(dtype).digits : 8 * dtypes[dtype].bytes);
/** Whether a conversion can change a value at all. Every float but float64 has values that float16 and bfloat16 lack. */
const rounds = (from: DType, to: DType): boolean =>
  isFloat(to) && from !== to && (digits(from) > digits(to) || (to === 'float16' && isFloat(from)));

export const convertElementType: Defined<'convert_element_type', ConvertElementTypeParams, never> = definePrimitive<
  'convert_element_type',
  ConvertElementTypeParams,
  never
>({
  name: 'convert_element_type',
  spec: 'spec/primitives/conversion.md#convert_element_type',
  operands: [{ name: 'x', dtypes: ANY }],
  params: { new_dtype: { enum: ANY }, weak_type: { type: 'boolean' } },
  dtypes: ANY,
  constraints: {},
  infer: ([x], { new_dtype, weak_type }) => [aval(x!.shape, new_dtype, weak_type)],
  evaluate: ([x], { new_dtype }) => [mapOne(x!, (v) => converted(v, x!.dtype, new_dtype), new_dtype)],
  differentiate: {
    active: (operands, { new_dtype }) => (isFloat(new_dtype) ? inexact(operands) : []),
    jvp: 'linear',
    transpose: (lax, [ct], [x]) => [along(ct, (t) => lax.convertElementType(t, operandAval(x!).dtype))],
  },
  batch: 'elementwise',
  // To integers and bool the value jumps: it is only known if the whole interval gives one result.
  bound: {
    elementwise: ([lo], [hi], { new_dtype: to }) => {
      if (isFloat(to)) return [1];
      const one = to === 'bool' ? !contains(lo!, hi!, 0) : saturate(lo!, to) === saturate(hi!, to);
      return [one ? 0 : Infinity];
    },
  },
  accuracy: ([x], { new_dtype }) => (rounds(x!.dtype, new_dtype) ? { kind: 'rounded' } : exact()),
  cases: (gen) =>
    gen.fc
      .tuple(sameShapeCases(gen, 1), gen.fc.constantFrom<DType>(...ANY))
      .map(([{ args }, new_dtype]) => ({ args, params: { new_dtype, weak_type: false } })),
  breaks: {},
});
