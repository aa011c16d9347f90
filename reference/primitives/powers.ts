/** Powers (spec/primitives/math.md): of floats and complex numbers, of one integer exponent, and squares. */
import { domainOf, INEXACT, INTEGERS, isComplex, isInexact, isInteger, NUMBERS } from '../core/dtypes.ts';
import { aval, bigints, build, buildElements, type Complex, complexes, elements, type HostArray, numbers, sameShape } from '../core/host.ts'; // prettier-ignore
import type { NDArray } from '../core/ndarray.ts';
import { definePrimitive } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { integerPowAccuracy, powAccuracy, roundedProduct } from './accuracy.ts';
import { integerPowerOfComplex, modulus, mulComplex, powOfComplex } from './numerics/complex-functions.ts';
import { call, smallShape } from './draw.ts';
import {
  along,
  type Defined,
  derivative,
  inexact,
  largest,
  lipschitz,
  mapOne,
  nearestZero,
  NO_PARAMS,
  type NoParams,
  overDisc,
  sameShapeCases,
  showAvals,
  type Unary,
  unary,
  withTies,
} from './elementwise.ts';

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
  if (isInteger(y.dtype)) return slopeOfIntegerPower(lax, x, y);
  const one = lax.fullLike(y, 1);
  const isZero = lax.eq(y, 0);
  const power = lax.pow(x, lax.sub(lax.select(isZero, one, y), one));
  return lax.select(isZero, lax.zerosLike(x), lax.mul(y, power));
}

/** For y < 0 as y·(x^y/x): y − 1 would wrap where y is the smallest of its dtype. */
function slopeOfIntegerPower(lax: Lax, x: NDArray, y: NDArray): NDArray {
  const power = lax.pow(x, lax.select(lax.gt(y, 0), lax.sub(y, 1), y));
  const divisor = lax.select(lax.lt(y, 0), x, lax.fullLike(x, 1));
  return lax.mul(lax.convertElementType(y, x.dtype), lax.div(power, divisor));
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
  accuracy: roundedProduct,
  decompose: (lax, [x]) => [lax.mul(x!, x!)],
});

const LEAST = -(2 ** 31);
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
  params: { y: { type: 'integer', minimum: LEAST, maximum: 2 ** 31 - 1 } },
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
    // The least exponent has none below it.
    jvp: (lax, [x], [dx], [z], { y }) => {
      const power = (): NDArray => (y === LEAST ? lax.div(z!, x!) : lax.integerPow(x!, y - 1));
      return [dx && y !== 0 ? lax.mul(dx, lax.mul(power(), y)) : null];
    },
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
