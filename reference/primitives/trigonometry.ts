/**
 * Inverse trigonometric, hyperbolic and inverse hyperbolic functions (spec/primitives/trigonometry.md). Element values
 * are those of JavaScript's functions in double precision, rounded once more for float32 (see math.ts).
 */
import { type DType, FLOATS, INEXACT } from '../core/dtypes.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { ElementwiseBound } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { ulps } from './accuracy.ts';
import { acoshOfComplex, acosOfComplex, asinhOfComplex, asinOfComplex, atanhOfComplex, atanOfComplex, coshOfComplex, sinhOfComplex } from './numerics/complex-functions.ts'; // prettier-ignore
import {
  along,
  type Binary,
  binary,
  contains,
  derivative,
  inexact,
  largest,
  lipschitz,
  nearestZero,
  type NoParams,
  overDisc,
  type Unary,
  unary,
} from './elementwise.ts';

/** sup of a slope that grows with |x| and has its poles at ±1. */
const steepAtOne = (slope: (x: number) => number): ElementwiseBound<NoParams> =>
  lipschitz((lo, hi) => (largest(lo, hi) < 1 ? slope(largest(lo, hi)) : Infinity));

/** 1 − x², of which the difference would lose digits near ±1. */
const oneMinusSquare = (lax: Lax, x: NDArray): NDArray => lax.mul(lax.sub(1, x), lax.add(x, 1));
/** 1 + x² */
const onePlusSquare = (lax: Lax, x: NDArray): NDArray => lax.add(lax.square(x), 1);

export const asin: Unary<'asin'> = unary({
  name: 'asin',
  spec: 'spec/primitives/trigonometry.md#asin',
  dtypes: INEXACT,
  value: Math.asin,
  complex: asinOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, lax.sqrt(oneMinusSquare(lax, x)))),
  bound: steepAtOne((x) => 1 / Math.sqrt((1 - x) * (1 + x))),
  accuracy: ulps('asin'),
});

export const acos: Unary<'acos'> = unary({
  name: 'acos',
  spec: 'spec/primitives/trigonometry.md#acos',
  dtypes: INEXACT,
  value: Math.acos,
  complex: acosOfComplex,
  differentiate: derivative((lax, dx, x) => lax.neg(lax.div(dx, lax.sqrt(oneMinusSquare(lax, x))))),
  bound: steepAtOne((x) => 1 / Math.sqrt((1 - x) * (1 + x))),
  accuracy: ulps('acos'),
});

export const atan: Unary<'atan'> = unary({
  name: 'atan',
  spec: 'spec/primitives/trigonometry.md#atan',
  dtypes: INEXACT,
  value: Math.atan,
  complex: atanOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, onePlusSquare(lax, x))),
  bound: lipschitz((lo, hi) => 1 / (1 + nearestZero(lo, hi) ** 2)),
  accuracy: ulps('atan'),
});

/**
 * A quotient of two narrow floats is exactly between two of them, or at least 2⁻⁴⁹ of itself away from there. Where it is tiny the angle
 * is smaller by less than that, but rounding to float64 loses it and makes ties: 2⁻⁵² restores their side.
 */
function atan2Of(x: number, y: number, dtype: DType): number {
  const angle = Math.atan2(x, y);
  return dtype !== 'float64' && Math.abs(angle) < 2 ** -24 ? angle * (1 - 2 ** -52) : angle;
}

/**
 * sup |y|/r² and sup |x|/r² over a box, bounded factor by factor and by 1/r, where r is the distance from the origin. The
 * angle jumps where x changes its sign beside a negative y.
 */
function atan2Slopes([x0, y0]: readonly number[], [x1, y1]: readonly number[]): number[] {
  const distance = Math.hypot(nearestZero(x0!, x1!), nearestZero(y0!, y1!));
  if (distance === 0) return [Infinity, Infinity];
  const slope = (size: number): number => Math.min(1, size / distance) / distance;
  const jumps = y0! < 0 && contains(x0!, x1!, 0);
  return [jumps ? Infinity : slope(largest(y0!, y1!)), slope(largest(x0!, x1!))];
}

export const atan2: Binary<'atan2'> = binary({
  name: 'atan2',
  spec: 'spec/primitives/trigonometry.md#atan2',
  dtypes: FLOATS,
  value: atan2Of,
  differentiate: {
    active: inexact,
    jvp: (lax, [x, y], [dx, dy]) => {
      const square = lax.add(lax.square(x!), lax.square(y!));
      return [
        lax.addTangents(
          along(dx, (t) => lax.mul(t, lax.div(y!, square))),
          along(dy, (t) => lax.mul(t, lax.div(lax.neg(x!), square))),
        ),
      ];
    },
  },
  bound: { elementwise: atan2Slopes },
  accuracy: ulps('atan2'),
});

export const sinh: Unary<'sinh'> = unary({
  name: 'sinh',
  spec: 'spec/primitives/trigonometry.md#sinh',
  dtypes: INEXACT,
  value: Math.sinh,
  complex: sinhOfComplex,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.cosh(x))),
  bound: {
    ...lipschitz((lo, hi) => Math.cosh(largest(lo, hi))),
    discs: overDisc(({ re }, r) => Math.cosh(Math.abs(re) + r)),
  },
  accuracy: ulps('sinh'),
});

export const cosh: Unary<'cosh'> = unary({
  name: 'cosh',
  spec: 'spec/primitives/trigonometry.md#cosh',
  dtypes: INEXACT,
  value: Math.cosh,
  complex: coshOfComplex,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.sinh(x))),
  bound: {
    ...lipschitz((lo, hi) => Math.sinh(largest(lo, hi))),
    discs: overDisc(({ re }, r) => Math.cosh(Math.abs(re) + r)),
  },
  accuracy: ulps('cosh'),
});

export const asinh: Unary<'asinh'> = unary({
  name: 'asinh',
  spec: 'spec/primitives/trigonometry.md#asinh',
  dtypes: INEXACT,
  value: Math.asinh,
  complex: asinhOfComplex,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.rsqrt(onePlusSquare(lax, x)))),
  bound: lipschitz((lo, hi) => 1 / Math.hypot(1, nearestZero(lo, hi))),
  accuracy: ulps('asinh'),
});

export const acosh: Unary<'acosh'> = unary({
  name: 'acosh',
  spec: 'spec/primitives/trigonometry.md#acosh',
  dtypes: INEXACT,
  value: Math.acosh,
  complex: acoshOfComplex,
  // Two roots: x² − 1 would lose digits near 1, overflow for large x and have a root for x < −1.
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.mul(lax.rsqrt(lax.sub(x, 1)), lax.rsqrt(lax.add(x, 1))))),
  bound: lipschitz((lo) => (lo > 1 ? 1 / (Math.sqrt(lo - 1) * Math.sqrt(lo + 1)) : Infinity)),
  accuracy: ulps('acosh'),
});

export const atanh: Unary<'atanh'> = unary({
  name: 'atanh',
  spec: 'spec/primitives/trigonometry.md#atanh',
  dtypes: INEXACT,
  value: Math.atanh,
  complex: atanhOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, oneMinusSquare(lax, x))),
  bound: steepAtOne((x) => 1 / ((1 - x) * (1 + x))),
  accuracy: ulps('atanh'),
});
