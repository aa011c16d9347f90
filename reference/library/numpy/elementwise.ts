/**
 * Functions of each element, and of elements that meet by broadcasting. Integers become floats where the result is not
 * an integer; bool counts as 0 and 1 where JAX lets it.
 */
import { integer, arrayLike } from '../../core/arguments.ts';
import { asArray, scalar } from '../../core/convert.ts';
import { type DType, dtypes, finfo, isComplex, isFloat, isInexact } from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../../core/errors.ts';
import { type ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import {
  broadcastAll,
  broadcastShapes,
  broadcastShape,
  inexact,
  numeric,
  promoteArguments,
  promoteDtypes,
  truthy,
} from './arguments.ts';

export type Unary = (x: ArrayLike) => NDArray;
export type Binary = (x: ArrayLike, y: ArrayLike) => NDArray;

const unary =
  (name: string, f: (x: NDArray) => NDArray, to?: (dtype: DType) => DType): Unary =>
  (x, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    return f(promoteDtypes([x], `np.${name}`, to)[0]!);
  };
const floating = (name: string, f: (x: NDArray) => NDArray): Unary => unary(name, f, inexact);
const binary =
  (name: string, f: (x: NDArray, y: NDArray) => NDArray, to?: (dtype: DType) => DType): Binary =>
  (x, y, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const [a, b] = promoteArguments([x, y], `np.${name}`, to);
    return f(a!, b!);
  };

/** One of the two per element, without a derivative through the one that was not taken. */
const choose = (where: NDArray, yes: ArrayLike, no: ArrayLike): NDArray => lax.select(where, yes, no);

// ---- arithmetic

/** Sum; of bool arrays the logical or. */
export const add: Binary = binary('add', (x, y) => (x.dtype === 'bool' ? lax.bitwiseOr(x, y) : lax.add(x, y)));
export const subtract: Binary = binary('subtract', lax.sub);
/** Product; of bool arrays the logical and. */
export const multiply: Binary = binary('multiply', (x, y) =>
  x.dtype === 'bool' ? lax.bitwiseAnd(x, y) : lax.mul(x, y),
);
/** The true quotient: of integers too a float. */
export const divide: Binary = binary('divide', lax.div, inexact);
export const trueDivide: Binary = divide;

/** The quotient rounded towards −∞. An integer divided by zero gives what JAX gives: −1 or −2. */
export const floorDivide: Binary = binary(
  'floorDivide',
  (x, y) => {
    const { kind } = dtypes[x.dtype];
    if (kind === 'uint') return lax.div(x, y);
    if (kind === 'int') {
      const quotient = lax.div(x, y);
      const rounds = lax.bitwiseAnd(lax.ne(lax.sign(x), lax.sign(y)), lax.ne(lax.rem(x, y), 0));
      return choose(rounds, lax.sub(quotient, 1), quotient);
    }
    const remains = lax.rem(x, y);
    const quotient = lax.div(choose(lax.eq(y, 0), x, lax.sub(x, remains)), y);
    const rounds = lax.bitwiseAnd(lax.ne(remains, 0), lax.ne(lax.sign(y), lax.sign(remains)));
    return lax.round(choose(rounds, lax.sub(quotient, 1), quotient));
  },
  numeric,
);

/** The remainder with the divisor's sign. An integer modulo zero is 0. */
export const remainder: Binary = binary(
  'remainder',
  (x, y) => {
    const divisor = isInexact(y.dtype) ? y : choose(lax.eq(y, 0), 1, y);
    const remains = lax.rem(x, divisor);
    const otherSign = lax.ne(lax.lt(remains, 0), lax.lt(divisor, 0));
    return choose(lax.bitwiseAnd(otherSign, lax.ne(remains, 0)), lax.add(remains, divisor), remains);
  },
  numeric,
);
export const mod: Binary = remainder;

/** The remainder with the dividend's sign. */
export const fmod: Binary = binary(
  'fmod',
  (x, y) => lax.rem(x, isInexact(y.dtype) ? y : choose(lax.eq(y, 0), 1, y)),
  numeric,
);

/** Quotient rounded towards −∞, and remainder. */
export const divmod = (x: ArrayLike, y: ArrayLike, ...more: []): [quotient: NDArray, remainder: NDArray] => {
  refuseExtra(more, 'np.divmod');
  const [a, b] = promoteDtypes([x, y], 'np.divmod') as [NDArray, NDArray];
  return [floorDivide(a, b), remainder(a, b)];
};

/**
 * `x` to the power `y`. An integer written as a number is a fixed power (`integer_pow`, whose derivative at 0 is right);
 * integer arrays to integer arrays take exponents modulo 64, as JAX does.
 * @throws ArgumentError for integers to a fixed negative power
 */
export function power(x: ArrayLike, y: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.power');
  if (x instanceof NDArray && isWhole(y)) return fixedPower(x, Number(y));
  if (x instanceof NDArray && isFloat(x.dtype) && y instanceof NDArray && y.dtype === 'int32') {
    const [base, exponent] = broadcastAll([x, y], 'np.power');
    return lax.pow(base!, exponent!);
  }
  const [base, exponent] = promoteArguments([x, y], 'np.power', numeric);
  return isInexact(base!.dtype) ? lax.pow(base!, exponent!) : integerPower(base!, exponent!);
}
export const pow: Binary = power;

const isWhole = (y: ArrayLike): y is number | bigint => typeof y === 'bigint' || Number.isInteger(y);

function fixedPower(x: NDArray, exponent: number): NDArray {
  const [base] = promoteDtypes([x], 'np.power', numeric) as [NDArray];
  if (exponent < 0 && !isInexact(base.dtype)) {
    throw new ArgumentError(
      `np.power: integers have no negative powers, got ${exponent} beside ${base.dtype}; convert first: x.astype('float32')`,
    );
  }
  return lax.integerPow(base, exponent);
}

/** Repeated squaring over the six lowest bits of the exponent. */
function integerPower(x: NDArray, y: NDArray): NDArray {
  let bits = lax.convertElementType(y, 'uint32');
  let result = choose(lax.bitwiseAnd(lax.eq(x, 0), lax.ne(y, 0)), lax.zerosLike(x), lax.fullLike(x, 1));
  for (let square = x, bit = 0; bit < 6; bit++) {
    result = choose(lax.ne(lax.bitwiseAnd(bits, 1), 0), lax.mul(result, square), result);
    square = lax.mul(square, square);
    bits = lax.div(bits, 2);
  }
  return result;
}

/** `x` to the power `y`, always as a float. */
export const floatPower: Binary = binary('floatPower', lax.pow, inexact);

export const negative: Unary = unary('negative', lax.neg);
export const positive: Unary = unary('positive', (x) => x);
export const absolute: Unary = unary('absolute', (x) =>
  ['uint', 'bool'].includes(dtypes[x.dtype].kind) ? x : lax.abs(x),
);
export const abs: Unary = absolute;
export const fabs: Unary = floating('fabs', lax.abs);
export const sign: Unary = unary('sign', lax.sign);
export const square: Unary = unary('square', lax.square, numeric);
export const reciprocal: Unary = floating('reciprocal', (x) => lax.integerPow(x, -1));
export const sqrt: Unary = floating('sqrt', lax.sqrt);
export const cbrt: Unary = floating('cbrt', lax.cbrt);

// ---- complex numbers

/** The real part. */
export const real: Unary = unary('real', (x) => (isComplex(x.dtype) ? lax.real(x) : x));
/** The imaginary part; of real numbers 0. */
export const imag: Unary = unary('imag', (x) => (isComplex(x.dtype) ? lax.imag(x) : lax.zerosLike(x)));
/** The complex conjugate; of real numbers the same numbers. */
export const conjugate: Unary = unary('conjugate', (x) => (isComplex(x.dtype) ? lax.conj(x) : x));
export const conj: Unary = conjugate;

/** A function of both parts of complex numbers. */
const byParts = (x: NDArray, f: (part: NDArray) => NDArray): NDArray =>
  isComplex(x.dtype) ? lax.complex(f(lax.real(x)), f(lax.imag(x))) : f(x);

/** The angle with the positive real axis, in [−π, π]. */
export function angle(x: ArrayLike, options: { readonly deg?: boolean } = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.angle');
  checkOptions(options, ['deg'], 'np.angle');
  const [z] = promoteDtypes([x], 'np.angle', inexact) as [NDArray];
  const radians = lax.atan2(imag(z), real(z));
  return options.deg === true ? rad2deg(radians) : radians;
}

// ---- rounding

/** Integers are whole already; floats go through `f`. */
const rounding = (name: string, f: (x: NDArray) => NDArray): Unary =>
  unary(name, (x) => (isInexact(x.dtype) ? f(x) : x));

export const floor: Unary = rounding('floor', lax.floor);
export const ceil: Unary = rounding('ceil', lax.ceil);
export const trunc: Unary = rounding('trunc', (x) => choose(lax.lt(x, 0), lax.ceil(x), lax.floor(x)));
export const fix: Unary = trunc;
const toEven = (x: NDArray): NDArray => byParts(x, (part) => lax.round(part, { roundingMethod: 'TO_NEAREST_EVEN' }));
/** The nearest integer as a float, ties to the even one. */
export const rint: Unary = floating('rint', toEven);

/** The float after `x` in the direction of `y`. */
export const nextafter: Binary = binary('nextafter', lax.nextafter, inexact);

/** Rounded to a number of decimals, ties to the even digit. */
export function round(x: ArrayLike, decimals: number = 0, ...more: []): NDArray {
  refuseExtra(more, 'np.round');
  const array = asArray(x, 'np.round');
  integer(decimals, 'np.round: decimals');
  if (!isInexact(array.dtype)) {
    if (decimals >= 0) return array;
    throw new ArgumentError(
      `np.round: ${array.dtype} arrays have no negative decimals; convert first: x.astype('float32')`,
    );
  }
  if (decimals === 0) return toEven(array);
  if (decimals > Math.log10(finfo(array.dtype).max)) return array;
  const factor = 10 ** decimals;
  return lax.div(toEven(lax.mul(array, factor)), factor);
}
export const around: typeof round = round;

// ---- exponentials and logarithms

export const exp: Unary = floating('exp', lax.exp);
export const expm1: Unary = floating('expm1', lax.expm1);
export const exp2: Unary = floating('exp2', lax.exp2);
export const log: Unary = floating('log', lax.log);
export const log1p: Unary = floating('log1p', lax.log1p);
export const log2: Unary = floating('log2', (x) => lax.div(lax.log(x), Math.LN2));
export const log10: Unary = floating('log10', (x) => lax.mul(lax.log(x), Math.LOG10E));

/** log(eˣ + eʸ) without overflow. */
export const logaddexp: Binary = binary(
  'logaddexp',
  (x, y) => {
    const difference = lax.sub(x, y);
    const sum = lax.add(lax.max(x, y), lax.log1p(lax.exp(lax.neg(lax.abs(difference)))));
    // Equal infinities have no difference; their sum is what is left.
    return choose(lax.ne(difference, difference), lax.add(x, y), sum);
  },
  inexact,
);

// ---- trigonometric and hyperbolic functions

export const sin: Unary = floating('sin', lax.sin);
export const cos: Unary = floating('cos', lax.cos);
export const tan: Unary = floating('tan', lax.tan);
export const arcsin: Unary = floating('arcsin', lax.asin);
export const asin: Unary = arcsin;
export const arccos: Unary = floating('arccos', lax.acos);
export const acos: Unary = arccos;
export const arctan: Unary = floating('arctan', lax.atan);
export const atan: Unary = arctan;
/** The angle of the point with height `x` over `y`, in [−π, π]. */
export const arctan2: Binary = binary('arctan2', lax.atan2, inexact);
export const atan2: Binary = arctan2;
export const sinh: Unary = floating('sinh', lax.sinh);
export const cosh: Unary = floating('cosh', lax.cosh);
export const tanh: Unary = floating('tanh', lax.tanh);
export const arcsinh: Unary = floating('arcsinh', lax.asinh);
export const asinh: Unary = arcsinh;
export const arccosh: Unary = floating('arccosh', lax.acosh);
export const acosh: Unary = arccosh;
export const arctanh: Unary = floating('arctanh', lax.atanh);
export const atanh: Unary = arctanh;

export const deg2rad: Unary = floating('deg2rad', (x) => lax.mul(x, Math.PI / 180));
export const radians: Unary = deg2rad;
export const rad2deg: Unary = floating('rad2deg', (x) => lax.mul(x, 180 / Math.PI));
export const degrees: Unary = rad2deg;

/** √(x² + y²) without overflow in between. */
export const hypot: Binary = binary(
  'hypot',
  (x, y) => {
    const [a, b] = [lax.abs(x), lax.abs(y)];
    const [large, small] = [lax.max(a, b), lax.min(a, b)];
    const ratio = lax.div(small, choose(lax.eq(large, 0), 1, large));
    const length = lax.mul(large, lax.sqrt(lax.add(lax.mul(ratio, ratio), 1)));
    const infinite = lax.bitwiseOr(lax.eq(a, Infinity), lax.eq(b, Infinity));
    return choose(infinite, Infinity, choose(lax.eq(large, 0), large, length));
  },
  inexact,
);

// ---- choosing

/** The larger of two; NaN if one is NaN. */
export const maximum: Binary = binary('maximum', lax.max);
export const minimum: Binary = binary('minimum', lax.min);

/** `x` limited to [min, max]; either limit may be left out. */
export function clip(x: ArrayLike, min?: ArrayLike | null, max?: ArrayLike | null, ...more: []): NDArray {
  refuseExtra(more, 'np.clip');
  const array = asArray(x, 'np.clip');
  const below = min == null ? array : maximum(arrayLike(min, 'np.clip: min'), array);
  return max == null ? below : minimum(arrayLike(max, 'np.clip: max'), below);
}

/** `x` where the condition holds, else `y`. Derivatives through the other one are zero. */
export function where(condition: ArrayLike, x: ArrayLike, y: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.where');
  if (x === undefined && y === undefined) {
    throw new ArgumentError(
      'np.where: takes the condition and what to choose from, np.where(condition, x, y); where it is true, x.slice(condition) outside of jit',
    );
  }
  const which = truthy(condition, 'np.where');
  const [yes, no] = promoteDtypes([x, y], 'np.where');
  const shape = broadcastShapes([which.shape, yes!.shape, no!.shape], 'np.where');
  const [a, b] = [yes!, no!].map((z) => broadcastShape(z, shape, 'np.where'));
  return lax.select(which.ndim === 0 ? which : broadcastShape(which, shape, 'np.where'), a!, b!);
}

/** 0 for x < 0, 1 for x > 0, `y` at 0. */
export const heaviside: Binary = binary(
  'heaviside',
  (x, y) => {
    const atZeroOrNaN = choose(lax.ne(x, x), x, y);
    return choose(lax.lt(x, 0), lax.zerosLike(x), choose(lax.gt(x, 0), lax.fullLike(x, 1), atZeroOrNaN));
  },
  inexact,
);

/** NaN and the infinities replaced by finite numbers. */
export function nanToNum(
  x: ArrayLike,
  options: { readonly nan?: number; readonly posinf?: number; readonly neginf?: number } = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.nanToNum');
  checkOptions(options, ['nan', 'posinf', 'neginf'], 'np.nanToNum');
  const array = asArray(x, 'np.nanToNum');
  if (!isInexact(array.dtype)) return array;
  const { min, max } = finfo(array.dtype);
  return byParts(array, (x) => {
    const like = (value: number): NDArray => scalar(value, x.dtype, 'np.nanToNum');
    const finite = where(lax.ne(x, x), like(options.nan ?? 0), x);
    const below = where(lax.eq(finite, -Infinity), like(options.neginf ?? min), finite);
    return where(lax.eq(finite, Infinity), like(options.posinf ?? max), below);
  });
}
