/**
 * Functions of float16 and bfloat16 are correctly rounded for every argument (a sample of 2,000 in `npm test`, all 65,536 in
 * `npm run test:full`). The float64 function is within 4 units of the exact value, which the fixtures hold it to; where
 * both ends of that interval round to one number, that number is right. Nowhere else may remain.
 */
import { describe, expect, it } from 'vitest';
import type { DType } from '../core/dtypes.ts';
import { aval, buildElements, fromBfloat16Bits, type HostArray, numbers, rounder } from '../core/host.ts';
import type { AnyFirstOrder } from '../core/primitive.ts';
import { ulpSize } from '../transforms/rounding.ts';
import { primitives } from './index.ts';

const ULPS = 4;
const STEP = process.env['TEST_LEVEL'] === 'full' ? 1 : 33;

const functions = Object.values(primitives as Readonly<Record<string, AnyFirstOrder>>).filter(
  (p) =>
    p.operands.length === 1 &&
    Object.keys(p.params).length === 0 &&
    p.dtypes.includes('float16') &&
    ['ulp', 'rounded'].includes(p.accuracy([aval([], 'float16')], {}).kind),
);

/** Where the float64 value is the exact one: it may be the middle of two narrow floats. */
const EXACT: Readonly<Record<string, (x: number) => boolean>> = { square: () => true, exp2: Number.isInteger };
/** Where the exact value is nearer to 0 than the float64 one, which may be the middle: x/2·(1 − |x| + …). */
const INWARD: Readonly<Record<string, (x: number) => boolean>> = { bessel_i1e: (x) => Math.abs(x) < 2 ** -60 };

const half = new Float16Array(1);
const halfBits = new Uint16Array(half.buffer);
const decoders: Partial<Record<DType, (bits: number) => number>> = {
  bfloat16: fromBfloat16Bits,
  float16: (bits) => {
    halfBits[0] = bits;
    return half[0]!;
  },
};

/** The arguments whose result is not the exact one rounded, or not proved to be. */
function unproved(primitive: AnyFirstOrder, dtype: DType): string[] {
  const decode = decoders[dtype]!;
  const shape = [Math.ceil(2 ** 16 / STEP)];
  const argument = (i: number): number => decode(i * STEP);
  const valuesIn = (as: DType): ArrayLike<number> =>
    numbers(primitive.evaluate([buildElements(as, shape, argument) satisfies HostArray], {})[0]!);
  const [narrow, wide] = [valuesIn(dtype), valuesIn('float64')];
  const round = rounder(dtype);
  return Array.from(narrow, (y, i) => {
    const w = wide[i]!;
    const isExact = w === 0 || !Number.isFinite(w) || EXACT[primitive.name]?.(argument(i));
    const margin = isExact ? 0 : ULPS * ulpSize(w, 'float64');
    const inward = Math.sign(w) * Math.max(Math.abs(w) - margin, 0);
    const outward = INWARD[primitive.name]?.(argument(i)) ? inward : w + Math.sign(w) * margin;
    const [near, far] = [round(isExact ? w : inward), round(outward)];
    return Object.is(y, near) && (Object.is(near, far) || w === 0) ? '' : `${argument(i)}: ${y}, [${near}, ${far}]`;
  }).filter((s) => s !== '');
}

describe.each(['float16', 'bfloat16'] as const)('in %s', (dtype) => {
  it.each(functions.map((p) => [p.name, p] as const))('%s is correctly rounded', (_, primitive) => {
    expect(unproved(primitive, dtype)).toEqual([]);
  });
});
