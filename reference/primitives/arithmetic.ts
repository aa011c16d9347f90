/**
 * Arithmetic and rounding to integers (spec/primitives/arithmetic.md). Element values are computed in double
 * precision and stored once: for float32 + − × ÷ that is the correctly rounded result, as 53 ≥ 2·24 + 2 (Figueroa,
 * "When is double rounding innocuous?", 1995); 32-bit integers wrap on storing.
 */
import { ANY, FLOATS, isComplex, isInteger, NUMBERS, partOf, REALS, SIGNED } from '../core/dtypes.ts';
import { aval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { definePrimitive, knownOperand } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { HYPOT_ULPS, normwise, roundedOr, roundedProduct } from './accuracy.ts';
import { addComplex, divComplex, modulus, mulComplex, negComplex, signOfComplex, subComplex } from './numerics/complex-functions.ts'; // prettier-ignore
import {
  along,
  type Binary,
  binary,
  constantLipschitz,
  contains,
  type Defined,
  derivative,
  exact,
  inexact,
  largest,
  mapOne,
  nearestZero,
  overDisc,
  PIECEWISE_CONSTANT,
  rounded,
  sameShapeCases,
  type Unary,
  unary,
} from './elementwise.ts';

// ---- one operand

export const neg: Unary<'neg'> = unary({
  name: 'neg',
  spec: 'spec/primitives/arithmetic.md#neg',
  dtypes: NUMBERS,
  value: (x) => -x,
  long: (x) => -x,
  complex: negComplex,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct]) => [along(ct, lax.neg)],
  },
  bound: constantLipschitz(1),
  accuracy: exact,
});

export const abs: Unary<'abs'> = unary({
  name: 'abs',
  spec: 'spec/primitives/arithmetic.md#abs',
  dtypes: SIGNED,
  result: partOf,
  value: Math.abs,
  long: (x) => (x < 0n ? -x : x),
  complex: modulus,
  // Of complex numbers Re(ż·s̄), s being the sign.
  differentiate: derivative((lax, dx, x) =>
    isComplex(x.dtype) ? lax.real(lax.mul(dx, lax.conj(lax.sign(x)))) : lax.mul(dx, lax.sign(x)),
  ),
  bound: constantLipschitz(1),
  accuracy: ([x]) => (isComplex(x!.dtype) ? { kind: 'ulp', n: HYPOT_ULPS } : exact()),
});

function turning(lax: Lax, dz: NDArray, z: NDArray, s: NDArray): NDArray {
  const size = lax.abs(z);
  const atZero = lax.eq(size, 0);
  const across = lax.imag(lax.mul(lax.conj(s), dz));
  const turn = lax.div(across, lax.select(atZero, lax.fullLike(size, 1), size));
  return lax.mul(s, lax.complex(lax.zerosLike(turn), turn));
}

export const sign: Unary<'sign'> = unary({
  name: 'sign',
  spec: 'spec/primitives/arithmetic.md#sign',
  dtypes: NUMBERS,
  value: Math.sign,
  long: (x) => (x < 0n ? -1n : x > 0n ? 1n : 0n),
  complex: signOfComplex,
  // Of real numbers the slope is 0. Complex ones turn with the part of ż across z: ẏ = i·s·Im(s̄·ż)/|z|, and 0 at 0.
  differentiate: {
    active: ([x]) => (isComplex(x!.dtype) ? [0] : []),
    jvp: (lax, [x], [dx], [s]) => [along(dx, (t) => turning(lax, t, x!, s!))],
  },
  // Across 0 it jumps by 2 at most, and beside it the slope is 1/|z|.
  bound: {
    elementwise: ([lo], [hi]) => [Math.sign(lo!) === Math.sign(hi!) ? 0 : Infinity],
    discs: overDisc((z, radius) => 1 / Math.max(modulus(z) - radius, 0)),
  },
  accuracy: ([x]) => (isComplex(x!.dtype) ? normwise('sign')() : exact()),
});

export const floor: Unary<'floor'> = unary({
  name: 'floor',
  spec: 'spec/primitives/arithmetic.md#floor',
  dtypes: FLOATS,
  value: Math.floor,
  differentiate: PIECEWISE_CONSTANT,
  bound: 'exact',
  accuracy: exact,
});

export const ceil: Unary<'ceil'> = unary({
  name: 'ceil',
  spec: 'spec/primitives/arithmetic.md#ceil',
  dtypes: FLOATS,
  value: Math.ceil,
  differentiate: PIECEWISE_CONSTANT,
  bound: 'exact',
  accuracy: exact,
});

export interface RoundParams {
  readonly rounding_method: 'AWAY_FROM_ZERO' | 'TO_NEAREST_EVEN';
}
const ROUNDING_METHODS = ['AWAY_FROM_ZERO', 'TO_NEAREST_EVEN'] as const;

/** Rounds the magnitude, so that both directions and the zeros are treated alike. */
function roundTo(x: number, { rounding_method }: RoundParams): number {
  const magnitude = Math.abs(x);
  const below = Math.floor(magnitude);
  const rest = magnitude - below;
  const up = rest > 0.5 || (rest === 0.5 && (rounding_method === 'AWAY_FROM_ZERO' || below % 2 === 1));
  const nearest = up ? below + 1 : below;
  return x < 0 || Object.is(x, -0) ? -nearest : nearest;
}

export const round: Defined<'round', RoundParams, never> = definePrimitive<'round', RoundParams, never>({
  name: 'round',
  spec: 'spec/primitives/arithmetic.md#round',
  operands: [{ name: 'x', dtypes: FLOATS }],
  params: { rounding_method: { enum: ROUNDING_METHODS } },
  dtypes: FLOATS,
  constraints: {},
  infer: ([x]) => [aval(x!.shape, x!.dtype)],
  evaluate: ([x], params) => [mapOne(x!, (v) => roundTo(v, params))],
  differentiate: PIECEWISE_CONSTANT,
  batch: 'elementwise',
  bound: 'exact',
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(sameShapeCases(gen, 1), gen.fc.constantFrom(...ROUNDING_METHODS))
      .map(([{ args }, rounding_method]) => ({ args, params: { rounding_method } })),
  breaks: {},
});

export const stopGradient: Unary<'stop_gradient'> = unary({
  name: 'stop_gradient',
  spec: 'spec/primitives/arithmetic.md#stop_gradient',
  dtypes: ANY,
  value: (x) => x,
  long: (x) => x,
  complex: (z) => z,
  differentiate: { zero: 'that is its purpose', stops: true },
  bound: constantLipschitz(1),
  accuracy: exact,
  decompose: (_, operands) => operands,
});

// ---- two operands

export const add: Binary<'add'> = binary({
  name: 'add',
  spec: 'spec/primitives/arithmetic.md#add',
  dtypes: NUMBERS,
  value: (x, y) => x + y,
  long: (x, y) => x + y,
  complex: addComplex,
  differentiate: {
    active: inexact,
    jvp: (lax, _, [dx, dy]) => [lax.addTangents(dx!, dy!)],
    transpose: {
      linearIn: [[0, 1]],
      rule: (_, [ct], operands) => operands.map((x) => ('linear' in x ? ct! : null)),
    },
  },
  bound: constantLipschitz(1, 1),
  accuracy: rounded,
});

export const sub: Binary<'sub'> = binary({
  name: 'sub',
  spec: 'spec/primitives/arithmetic.md#sub',
  dtypes: NUMBERS,
  value: (x, y) => x - y,
  long: (x, y) => x - y,
  complex: subComplex,
  differentiate: {
    active: inexact,
    jvp: (lax, _, [dx, dy]) => [dx && dy ? lax.sub(dx, dy) : (dx ?? along(dy, lax.neg))],
    transpose: {
      linearIn: [[0, 1]],
      rule: (lax, [ct], [x, y]) => ['linear' in x! ? ct! : null, 'linear' in y! ? along(ct, lax.neg) : null],
    },
  },
  bound: constantLipschitz(1, 1),
  accuracy: rounded,
});

export const mul: Binary<'mul'> = binary({
  name: 'mul',
  spec: 'spec/primitives/arithmetic.md#mul',
  dtypes: NUMBERS,
  // A product of two 32-bit integers does not fit a double.
  value: (x, y, dtype) => (isInteger(dtype) ? Math.imul(x, y) : x * y),
  long: (x, y) => x * y,
  complex: mulComplex,
  differentiate: {
    active: inexact,
    jvp: (lax, [x, y], [dx, dy]) => [
      lax.addTangents(
        along(dx, (t) => lax.mul(t, y!)),
        along(dy, (t) => lax.mul(x!, t)),
      ),
    ],
    transpose: {
      linearIn: [[0], [1]],
      rule: (lax, [ct], [x, y]) => [
        'linear' in x! ? along(ct, (t) => lax.mul(t, knownOperand(y!))) : null,
        'linear' in y! ? along(ct, (t) => lax.mul(knownOperand(x!), t)) : null,
      ],
    },
  },
  bound: 'bilinear',
  accuracy: roundedProduct,
});

/** Truncates. x/0 has all bits set; the quotient of the smallest integer by −1 wraps to itself. */
const integerQuotient = (x: number, y: number): number => (y === 0 ? -1 : Math.trunc(x / y));
const longQuotient = (x: bigint, y: bigint): bigint => (y === 0n ? -1n : x / y);

export const div: Binary<'div'> = binary({
  name: 'div',
  spec: 'spec/primitives/arithmetic.md#div',
  dtypes: NUMBERS,
  value: (x, y, dtype) => (isInteger(dtype) ? integerQuotient(x, y) : x / y),
  long: longQuotient,
  complex: divComplex,
  differentiate: {
    active: inexact,
    // ∂/∂y as −(x/y)/y: JAX's −x·y⁻² overflows where y² does.
    jvp: (lax, [, y], [dx, dy], [q]) => [
      lax.addTangents(
        along(dx, (t) => lax.div(t, y!)),
        along(dy, (t) => lax.neg(lax.mul(t, lax.div(q!, y!)))),
      ),
    ],
    transpose: { linearIn: [[0]], rule: (lax, [ct], [, y]) => [along(ct, (t) => lax.div(t, knownOperand(y!))), null] },
  },
  bound: {
    elementwise: ([x0, y0], [x1, y1]) => {
      if (contains(y0!, y1!, 0)) return [Infinity, Infinity];
      const divisor = Math.abs(nearestZero(y0!, y1!));
      return [1 / divisor, largest(x0!, x1!) / divisor / divisor];
    },
    discs: ([x, y], [dx, dy]) => {
      const divisor = Math.max(modulus(y!) - dy!, 0);
      return [1 / divisor, (modulus(x!) + dx!) / divisor / divisor];
    },
  },
  accuracy: roundedOr('div'),
});

/**
 * sup of |∂/∂x| = 1 and |∂/∂y| = |trunc(x/y)| over a box in which the quotient stays between two integers; else the
 * remainder jumps. The quotients at the corners are widened by their own rounding.
 */
function remainderSlopes([x0, y0]: readonly number[], [x1, y1]: readonly number[]): number[] {
  if (contains(y0!, y1!, 0)) return [Infinity, Infinity];
  const corners = [x0! / y0!, x0! / y1!, x1! / y0!, x1! / y1!];
  const wider = 2 ** -52;
  const low = Math.min(...corners.map((q) => q - Math.abs(q) * wider));
  const high = Math.max(...corners.map((q) => q + Math.abs(q) * wider));
  return Math.trunc(low) === Math.trunc(high) ? [1, Math.abs(Math.trunc(high))] : [Infinity, Infinity];
}

export const rem: Binary<'rem'> = binary({
  name: 'rem',
  spec: 'spec/primitives/arithmetic.md#rem',
  dtypes: REALS,
  // JavaScript's % is C's fmod: exact, with the sign of the dividend.
  value: (x, y, dtype) => (isInteger(dtype) && y === 0 ? x : x % y),
  long: (x, y) => (y === 0n ? x : x % y),
  differentiate: {
    active: inexact,
    // The quotient's integer part is (x − r)/y up to rounding; JAX's trunc(x/y) is one too many where x/y rounds up.
    jvp: (lax, [x, y], [dx, dy], [r]) => {
      const quotient = (): NDArray => lax.round(lax.div(lax.sub(x!, r!), y!));
      return [
        lax.addTangents(
          dx!,
          along(dy, (t) => lax.neg(lax.mul(t, quotient()))),
        ),
      ];
    },
  },
  bound: { elementwise: remainderSlopes },
  accuracy: exact,
});

export { clamp, max, min } from './extremes.ts';
