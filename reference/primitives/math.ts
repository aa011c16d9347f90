/**
 * Roots, exponentials, logarithms and their kin (spec/primitives/math.md). Element values are computed by the double
 * precision functions of JavaScript: within 2 ulp for float64, and rounded once more for float32, which is correct
 * rounding but for arguments (about one in 2²⁸) whose exact result is that close to the middle of two floats.
 */
import { domainOf, FLOATS, INEXACT, INTEGERS, isComplex, isInexact, isInteger, NUMBERS } from '../core/dtypes.ts';
import { aval, bigints, build, buildElements, type Complex, complexes, elements, type HostArray, numbers, sameShape } from '../core/host.ts'; // prettier-ignore
import type { NDArray } from '../core/ndarray.ts';
import { type ElementwiseBound, definePrimitive } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { integerPowAccuracy, powAccuracy, roundedOr, ulps } from './accuracy.ts';
import { cosOfComplex, exp2OfComplex, expm1OfComplex, expOfComplex, integerPowerOfComplex, log1pOfComplex, logisticOfComplex, logOfComplex, modulus, mulComplex, powOfComplex, rsqrtOfComplex, sinOfComplex, sqrtOfComplex, tanhOfComplex, tanOfComplex } from './complex-functions.ts'; // prettier-ignore
import { call, smallShape } from './draw.ts';
import {
  along,
  type Defined,
  derivative,
  inexact,
  largest,
  lipschitz,
  mapOne,
  sameShapeCases,
  nearestZero,
  NO_PARAMS,
  type NoParams,
  overDisc,
  showAvals,
  type Unary,
  unary,
  withTies,
} from './elementwise.ts';
import { erfOf } from './erf.ts';

/** sup of a slope that falls with x and has its pole at `pole`. */
const falling = (slope: (x: number) => number, pole: number): ElementwiseBound<NoParams> =>
  lipschitz((lo) => (lo > pole ? slope(lo) : Infinity));
/** sup of a slope that is largest at 0 and falls on both sides. */
const peaked = (slope: (x: number) => number): ElementwiseBound<NoParams> =>
  lipschitz((lo, hi) => slope(nearestZero(lo, hi)));
/** How far the disc stays away from the cut along the real axis up to `end`; 0 if it meets it. */
function fromCut(z: Complex, radius: number, end: number): number {
  const toEnd = modulus({ re: z.re - end, im: z.im });
  const toCut = z.re > end ? toEnd : Math.abs(z.im);
  return toCut > radius ? toEnd - radius : 0;
}
const growing: ElementwiseBound<NoParams> = lipschitz((_, hi) => Math.exp(hi));

export const sqrt: Unary<'sqrt'> = unary({
  name: 'sqrt',
  spec: 'spec/primitives/math.md#sqrt',
  dtypes: INEXACT,
  value: Math.sqrt,
  complex: sqrtOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.div(0.5, y))),
  bound: { ...falling((x) => 0.5 / Math.sqrt(x), 0), discs: overDisc((z, r) => 0.5 / Math.sqrt(fromCut(z, r, 0))) },
  accuracy: roundedOr('sqrt'),
});

export const rsqrt: Unary<'rsqrt'> = unary({
  name: 'rsqrt',
  spec: 'spec/primitives/math.md#rsqrt',
  dtypes: INEXACT,
  value: (x) => 1 / Math.sqrt(x),
  complex: rsqrtOfComplex,
  differentiate: derivative((lax, dx, x, y) => lax.mul(dx, lax.mul(-0.5, lax.div(y, x)))),
  bound: falling((x) => 0.5 / (x * Math.sqrt(x)), 0),
  accuracy: ulps('rsqrt'),
  // Two roundings: 1.5 ulp.
  decompose: (lax, [x]) => [lax.div(1, lax.sqrt(x!))],
});

export const cbrt: Unary<'cbrt'> = unary({
  name: 'cbrt',
  spec: 'spec/primitives/math.md#cbrt',
  dtypes: FLOATS,
  value: Math.cbrt,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(lax.integerPow(y, -2), 1 / 3))),
  bound: lipschitz((lo, hi) => Math.cbrt(nearestZero(lo, hi)) ** -2 / 3),
  accuracy: ulps('cbrt'),
});

export const exp: Unary<'exp'> = unary({
  name: 'exp',
  spec: 'spec/primitives/math.md#exp',
  dtypes: INEXACT,
  value: Math.exp,
  complex: expOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, y)),
  bound: { ...growing, discs: overDisc(({ re }, r) => Math.exp(re + r)) },
  accuracy: ulps('exp'),
});

export const exp2: Unary<'exp2'> = unary({
  name: 'exp2',
  spec: 'spec/primitives/math.md#exp2',
  dtypes: INEXACT,
  value: (x) => Math.pow(2, x),
  complex: exp2OfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(y, Math.LN2))),
  bound: lipschitz((_, hi) => Math.LN2 * Math.pow(2, hi)),
  accuracy: ulps('exp2'),
});

export const log: Unary<'log'> = unary({
  name: 'log',
  spec: 'spec/primitives/math.md#log',
  dtypes: INEXACT,
  value: Math.log,
  complex: logOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, x)),
  bound: { ...falling((x) => 1 / x, 0), discs: overDisc((z, r) => 1 / fromCut(z, r, 0)) },
  accuracy: ulps('log'),
});

export const expm1: Unary<'expm1'> = unary({
  name: 'expm1',
  spec: 'spec/primitives/math.md#expm1',
  dtypes: INEXACT,
  value: Math.expm1,
  complex: expm1OfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.add(y, 1))),
  bound: { ...growing, discs: overDisc(({ re }, r) => Math.exp(re + r)) },
  accuracy: ulps('expm1'),
});

export const log1p: Unary<'log1p'> = unary({
  name: 'log1p',
  spec: 'spec/primitives/math.md#log1p',
  dtypes: INEXACT,
  value: Math.log1p,
  complex: log1pOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, lax.add(x, 1))),
  bound: { ...falling((x) => 1 / (1 + x), -1), discs: overDisc((z, r) => 1 / fromCut(z, r, -1)) },
  accuracy: ulps('log1p'),
});

export const sin: Unary<'sin'> = unary({
  name: 'sin',
  spec: 'spec/primitives/math.md#sin',
  dtypes: INEXACT,
  value: Math.sin,
  complex: sinOfComplex,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.cos(x))),
  bound: { ...lipschitz(() => 1), discs: overDisc(({ im }, r) => Math.cosh(Math.abs(im) + r)) },
  accuracy: ulps('sin'),
});

export const cos: Unary<'cos'> = unary({
  name: 'cos',
  spec: 'spec/primitives/math.md#cos',
  dtypes: INEXACT,
  value: Math.cos,
  complex: cosOfComplex,
  differentiate: derivative((lax, dx, x) => lax.neg(lax.mul(dx, lax.sin(x)))),
  bound: { ...lipschitz(() => 1), discs: overDisc(({ im }, r) => Math.cosh(Math.abs(im) + r)) },
  accuracy: ulps('cos'),
});

/** Between two poles tan grows: an interval on which it does not, or one as long as their distance, has a pole. */
function tanSlope(lo: number, hi: number): number {
  const [low, high] = [Math.tan(lo), Math.tan(hi)];
  return hi - lo < Math.PI && low <= high ? 1 + largest(low, high) ** 2 : Infinity;
}

export const tan: Unary<'tan'> = unary({
  name: 'tan',
  spec: 'spec/primitives/math.md#tan',
  dtypes: INEXACT,
  value: Math.tan,
  complex: tanOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.add(lax.mul(y, y), 1))),
  bound: lipschitz(tanSlope),
  accuracy: ulps('tan'),
});

export const tanh: Unary<'tanh'> = unary({
  name: 'tanh',
  spec: 'spec/primitives/math.md#tanh',
  dtypes: INEXACT,
  value: Math.tanh,
  complex: tanhOfComplex,
  // (1 + y)(1 − y): 1 − y² loses digits near ±1.
  differentiate: derivative((lax, dx, _, y) => lax.mul(lax.add(dx, lax.mul(dx, y)), lax.sub(1, y))),
  bound: peaked((x) => 1 / Math.cosh(x) ** 2),
  accuracy: ulps('tanh'),
});

/** Exponentials of negative numbers only: they cannot overflow, and tiny results keep their digits. */
function logisticOf(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

export const logistic: Unary<'logistic'> = unary({
  name: 'logistic',
  spec: 'spec/primitives/math.md#logistic',
  dtypes: INEXACT,
  value: logisticOf,
  complex: logisticOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(y, lax.sub(1, y)))),
  bound: peaked((x) => 0.25 / Math.cosh(x / 2) ** 2),
  accuracy: ulps('logistic'),
  decompose: (lax, [x]) => {
    if (isComplex(x!.dtype)) return [lax.div(lax.fullLike(x!, 1), lax.add(lax.exp(lax.neg(x!)), 1))];
    const e = lax.exp(lax.neg(lax.abs(x!)));
    return [lax.div(lax.select(lax.lt(x!, 0), e, lax.fullLike(e, 1)), lax.add(e, 1))];
  },
});

export const erf: Unary<'erf'> = unary({
  name: 'erf',
  spec: 'spec/primitives/math.md#erf',
  dtypes: FLOATS,
  value: erfOf,
  differentiate: derivative((lax, dx, x) =>
    lax.mul(dx, lax.mul(lax.exp(lax.neg(lax.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  ),
  bound: peaked((x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)),
  accuracy: ulps('erf'),
});

/**
 * C's pow: 1^y is 1 for every y, and (−1)^±∞ is 1, where Math.pow says NaN. Math.pow is exact where the power is
 * representable in double precision, so no float32 tie is rounded twice.
 */
function powOf(x: number, y: number | bigint): number {
  // Rounding a large integer would lose whether it is odd.
  if (typeof y === 'bigint') return (x < 0 || Object.is(x, -0)) && y % 2n !== 0n ? -powOf(-x, Number(y)) : powOf(Math.abs(x), Number(y)); // prettier-ignore
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}

/** Integers as complex numbers. */
function asComplex(x: HostArray): (i: number) => Complex {
  const at = elements(x);
  return (i) => ({ re: Number(at(i)), im: 0 });
}

/**
 * sup of |y·x^(y−1)| and |x^y·log x| over a box, bounded factor by factor: for x > 0 powers are monotone in x and in y,
 * so a corner has the largest. For x ≤ 0 only the slope in x exists, and only if y is a known integer.
 */
function powSlopes([x0, y0]: readonly number[], [x1, y1]: readonly number[]): number[] {
  const corners = (shift: number): number =>
    Math.max(...[x0!, x1!].flatMap((x) => [y0!, y1!].map((y) => Math.pow(x, y - shift))));
  if (x0! > 0) {
    return [largest(y0!, y1!) * corners(1), corners(0) * largest(Math.log(x0!), Math.log(x1!))];
  }
  if (y0 !== y1 || !Number.isInteger(y0)) return [Infinity, Infinity];
  if (y0 === 0) return [0, Infinity];
  const base = y0! > 1 ? largest(x0!, x1!) : Math.abs(nearestZero(x0!, x1!));
  return [Math.abs(y0!) * Math.pow(base, y0! - 1), Infinity];
}

/** y·x^(y−1); for y = 0 it is 0 also at x = 0, and so are its own derivatives. */
function powSlopeInBase(lax: Lax, x: NDArray, y: NDArray): NDArray {
  const one = lax.fullLike(y, 1);
  const isZero = lax.eq(y, 0);
  const power = lax.pow(x, lax.sub(lax.select(isZero, one, y), one));
  return lax.select(isZero, lax.zerosLike(x), lax.mul(lax.convertElementType(y, x.dtype), power));
}

/** x^y·log x, with 0·log 0 as 0. */
const powSlopeInExponent = (lax: Lax, x: NDArray, result: NDArray): NDArray =>
  lax.mul(lax.log(lax.select(lax.eq(x, 0), lax.fullLike(x, 1), x)), result);

export const pow: Defined<'pow', NoParams, 'C1' | 'C2'> = definePrimitive<'pow', NoParams, 'C1' | 'C2'>({
  name: 'pow',
  spec: 'spec/primitives/math.md#pow',
  operands: [
    { name: 'x', dtypes: INEXACT },
    { name: 'y', dtypes: NUMBERS },
  ],
  params: {},
  dtypes: INEXACT,
  constraints: {
    C1: ([x, y]) => sameShape(x!.shape, y!.shape) || `x and y must have one shape, got ${showAvals([x!, y!])}`,
    C2: ([x, y]) =>
      y!.dtype === x!.dtype ||
      isInteger(y!.dtype) ||
      `y must have x's dtype or an integer dtype, got ${showAvals([x!, y!])}`,
  },
  infer: ([x]) => [aval(x!.shape, x!.dtype)],
  evaluate: ([x, y]) => {
    if (isComplex(x!.dtype)) {
      const [a, b] = [complexes(x!), isComplex(y!.dtype) ? complexes(y!) : asComplex(y!)];
      return [buildElements(x!.dtype, x!.shape, (i) => powOfComplex(a(i), b(i)))];
    }
    const [a, b] = [numbers(x!), elements(y!)];
    return [build(x!.dtype, x!.shape, (i) => powOf(a[i]!, b(i) as number | bigint))];
  },
  differentiate: {
    active: inexact,
    jvp: (lax, [x, y], [dx, dy], [result]) => [
      lax.addTangents(
        along(dx, (t) => lax.mul(t, powSlopeInBase(lax, x!, y!))),
        along(dy, (t) => lax.mul(t, powSlopeInExponent(lax, x!, result!))),
      ),
    ],
  },
  batch: 'elementwise',
  bound: { elementwise: powSlopes },
  accuracy: powAccuracy,
  cases: (gen) => {
    const { fc, dtype } = gen;
    const small = { min: -10, max: 10 };
    return gen
      .shape()
      .chain((shape) =>
        fc
          .oneof(
            withTies(gen, shape),
            fc.tuple(gen.array(dtype, shape, { min: 0, max: 10 }), gen.array(dtype, shape, small)),
            fc.tuple(gen.array(dtype, shape), gen.array('int32', shape, small)),
            fc.tuple(gen.array(dtype, shape), gen.array('int32', shape)),
            fc.tuple(gen.array(dtype, shape), gen.array('uint8', shape, { min: 0, max: 9 })),
          )
          .map((args) => ({ args, params: NO_PARAMS })),
      );
  },
  breaks: {
    C1: (gen) =>
      smallShape(gen).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, [...s, 2]],
          ],
          NO_PARAMS,
        ),
      ),
    C2: (gen) => {
      const other = gen.dtype === 'float32' ? 'float64' : 'float32';
      return smallShape(gen).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [other, s],
          ],
          NO_PARAMS,
        ),
      );
    },
  },
});

export const square: Unary<'square'> = unary({
  name: 'square',
  spec: 'spec/primitives/math.md#square',
  dtypes: NUMBERS,
  value: (x, dtype) => (isInteger(dtype) ? Math.imul(x, x) : x * x),
  long: (x) => x * x,
  complex: (z) => mulComplex(z, z),
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.mul(x, 2))),
  bound: {
    ...lipschitz((lo, hi) => 2 * largest(lo, hi)),
    discs: overDisc((z, r) => 2 * (modulus(z) + r)),
  },
  accuracy: roundedOr('square'),
  decompose: (lax, [x]) => [lax.mul(x!, x!)],
});

export interface IntegerPowParams {
  readonly y: number;
}

/** x^y modulo 2⁶⁴, by squaring. */
function wrappingLongPower(x: bigint, y: number): bigint {
  let power = 1n;
  for (let [base, n] = [x, y]; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power = BigInt.asIntN(64, power * base);
    base = BigInt.asIntN(64, base * base);
  }
  return power;
}

/** x^y modulo 2³², by squaring. */
function wrappingPower(x: number, y: number): number {
  let power = 1;
  for (let [base, n] = [x, y]; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power = Math.imul(power, base);
    base = Math.imul(base, base);
  }
  return power;
}

function integerPower(x: HostArray, y: number): HostArray {
  const { dtype, shape } = x;
  switch (domainOf(dtype)) {
    case 'number':
      return mapOne(x, (v) => (isInteger(dtype) ? wrappingPower(v, y) : Math.pow(v, y)));
    case 'bigint': {
      const a = bigints(x);
      return buildElements(dtype, shape, (i) => wrappingLongPower(a[i]!, y));
    }
    case 'complex': {
      const at = complexes(x);
      return buildElements(dtype, shape, (i) => integerPowerOfComplex(at(i), y));
    }
  }
}

/** sup |y·x^(y−1)| over [lo, hi]: |x| counts, and the exponent's sign says which end. */
function powerSlope(lo: number, hi: number, y: number): number {
  if (y === 0) return 0;
  const magnitude = y > 1 ? largest(lo, hi) : Math.abs(nearestZero(lo, hi));
  return Math.abs(y) * Math.pow(magnitude, y - 1);
}

export const integerPow: Defined<'integer_pow', IntegerPowParams, 'C1'> = definePrimitive<
  'integer_pow',
  IntegerPowParams,
  'C1'
>({
  name: 'integer_pow',
  spec: 'spec/primitives/math.md#integer_pow',
  operands: [{ name: 'x', dtypes: NUMBERS }],
  params: { y: { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 } },
  dtypes: NUMBERS,
  constraints: {
    C1: ([x], { y }) =>
      y >= 0 || isInexact(x!.dtype) || `y must not be negative for integers, got ${y} for ${x!.dtype}`,
  },
  infer: ([x]) => [aval(x!.shape, x!.dtype)],
  // Math.pow is exact where the power is representable in double precision, so no float32 tie is rounded twice.
  evaluate: ([x], { y }) => [integerPower(x!, y)],
  differentiate: {
    active: inexact,
    jvp: (lax, [x], [dx], _, { y }) => [dx && y !== 0 ? lax.mul(dx, lax.mul(lax.integerPow(x!, y - 1), y)) : null],
  },
  batch: 'elementwise',
  bound: {
    elementwise: ([lo], [hi], { y }) => [powerSlope(lo!, hi!, y)],
    discs: ([z], [r], { y }) => [powerSlope(Math.max(modulus(z!) - r!, 0), modulus(z!) + r!, y)],
  },
  accuracy: integerPowAccuracy,
  cases: (gen) => {
    const { fc, dtype } = gen;
    const least = isInexact(dtype) ? -4 : 0;
    const exponents = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: least, max: 6 }) },
      { weight: 1, arbitrary: fc.constantFrom(16, 31, 33, isInexact(dtype) ? -9 : 1000) },
    );
    return fc.tuple(sameShapeCases(gen, 1), exponents).map(([{ args }, y]) => ({ args, params: { y } }));
  },
  breaks: {
    C1: (gen) =>
      gen.fc
        .tuple(smallShape(gen), gen.fc.constantFrom(...INTEGERS), gen.fc.integer({ min: -9, max: -1 }))
        .chain(([shape, dtype, y]) => call(gen, [[dtype, shape]], { y })),
  },
});
