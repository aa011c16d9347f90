/** The elementwise functions of `lax`. */
import { asArray, operands } from '../core/convert.ts';
import { checkDType, isComplex, type DType } from '../core/dtypes.ts';
import { checkOptions, refuseExtra } from '../core/errors.ts';
import type { NDArray, ArrayLike } from '../core/ndarray.ts';
import { alike, apply, binary, unary } from './apply.ts';
import { zerosLike } from './shape.ts';

export const neg: (x: ArrayLike) => NDArray = unary('neg');
export const abs: (x: ArrayLike) => NDArray = unary('abs');
export const sign: (x: ArrayLike) => NDArray = unary('sign');
export const floor: (x: ArrayLike) => NDArray = unary('floor');
export const ceil: (x: ArrayLike) => NDArray = unary('ceil');
export const sqrt: (x: ArrayLike) => NDArray = unary('sqrt');
export const rsqrt: (x: ArrayLike) => NDArray = unary('rsqrt');
export const cbrt: (x: ArrayLike) => NDArray = unary('cbrt');
export const square: (x: ArrayLike) => NDArray = unary('square');
export const exp: (x: ArrayLike) => NDArray = unary('exp');
export const exp2: (x: ArrayLike) => NDArray = unary('exp2');
export const log: (x: ArrayLike) => NDArray = unary('log');
export const expm1: (x: ArrayLike) => NDArray = unary('expm1');
export const log1p: (x: ArrayLike) => NDArray = unary('log1p');
export const sin: (x: ArrayLike) => NDArray = unary('sin');
export const cos: (x: ArrayLike) => NDArray = unary('cos');
export const tan: (x: ArrayLike) => NDArray = unary('tan');
export const asin: (x: ArrayLike) => NDArray = unary('asin');
export const acos: (x: ArrayLike) => NDArray = unary('acos');
export const atan: (x: ArrayLike) => NDArray = unary('atan');
export const sinh: (x: ArrayLike) => NDArray = unary('sinh');
export const cosh: (x: ArrayLike) => NDArray = unary('cosh');
export const tanh: (x: ArrayLike) => NDArray = unary('tanh');
export const asinh: (x: ArrayLike) => NDArray = unary('asinh');
export const acosh: (x: ArrayLike) => NDArray = unary('acosh');
export const atanh: (x: ArrayLike) => NDArray = unary('atanh');
export const logistic: (x: ArrayLike) => NDArray = unary('logistic');
export const erf: (x: ArrayLike) => NDArray = unary('erf');
/** 1 − erf(x), without the cancellation. */
export const erfc: (x: ArrayLike) => NDArray = unary('erfc');
/** The y with erf(y) = x. */
export const erfInv: (x: ArrayLike) => NDArray = unary('erf_inv');
/** log |Γ(x)| */
export const lgamma: (x: ArrayLike) => NDArray = unary('lgamma');
/** The derivative of `lgamma`. */
export const digamma: (x: ArrayLike) => NDArray = unary('digamma');
/** e^−|x|·I₀(x) */
export const besselI0e: (x: ArrayLike) => NDArray = unary('bessel_i0e');
/** e^−|x|·I₁(x) */
export const besselI1e: (x: ArrayLike) => NDArray = unary('bessel_i1e');
export const isFinite: (x: ArrayLike) => NDArray = unary('is_finite');
export const bitwiseNot: (x: ArrayLike) => NDArray = unary('not');
/** How many bits are set. */
export const populationCount: (x: ArrayLike) => NDArray = unary('population_count');
/** Zero bits above the highest one that is set. */
export const clz: (x: ArrayLike) => NDArray = unary('clz');
/** The value unchanged, with a zero derivative. */
export const stopGradient: (x: ArrayLike) => NDArray = unary('stop_gradient');

/** The real parts. */
export const real: (x: ArrayLike) => NDArray = unary('real');
/** The imaginary parts. */
export const imag: (x: ArrayLike) => NDArray = unary('imag');
/** The complex conjugates; of real numbers the same numbers as complex ones. */
export function conj(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'lax.conj');
  const array = asArray(x, 'conj');
  return isComplex(array.dtype) ? apply('conj', [array]) : complex(array, zerosLike(array));
}
/** `x + i·y`. */
export const complex: (x: ArrayLike, y: ArrayLike) => NDArray = binary('complex');

export type RoundingMethod = 'AWAY_FROM_ZERO' | 'TO_NEAREST_EVEN';
export function round(x: ArrayLike, options: { readonly roundingMethod?: RoundingMethod } = {}, ...more: []): NDArray {
  refuseExtra(more, 'lax.round');
  checkOptions(options, ['roundingMethod'], 'lax.round');
  return apply('round', [asArray(x, 'round')], { rounding_method: options.roundingMethod ?? 'AWAY_FROM_ZERO' });
}
/** `x` to the power of a fixed integer. */
export const integerPow = (x: ArrayLike, y: number, ...more: []): NDArray => {
  refuseExtra(more, 'lax.integerPow');
  return apply('integer_pow', [asArray(x, 'integer_pow')], { y });
};

export const add: (x: ArrayLike, y: ArrayLike) => NDArray = binary('add');
export const sub: (x: ArrayLike, y: ArrayLike) => NDArray = binary('sub');
export const mul: (x: ArrayLike, y: ArrayLike) => NDArray = binary('mul');
export const div: (x: ArrayLike, y: ArrayLike) => NDArray = binary('div');
export const rem: (x: ArrayLike, y: ArrayLike) => NDArray = binary('rem');
export const max: (x: ArrayLike, y: ArrayLike) => NDArray = binary('max');
export const min: (x: ArrayLike, y: ArrayLike) => NDArray = binary('min');
export const pow: (x: ArrayLike, y: ArrayLike) => NDArray = binary('pow');
/** The angle of the point with height `x` over `y`, in [−π, π]. */
export const atan2: (x: ArrayLike, y: ArrayLike) => NDArray = binary('atan2');
/** The m-th derivative of `digamma`. */
export const polygamma: (m: ArrayLike, x: ArrayLike) => NDArray = binary('polygamma');
/** The Hurwitz zeta function: the sum of (q + n)^−x. */
export const zeta: (x: ArrayLike, q: ArrayLike) => NDArray = binary('zeta');
/** The share of the gamma distribution with shape `a` below `x`. */
export const igamma: (a: ArrayLike, x: ArrayLike) => NDArray = binary('igamma');
/** 1 − igamma(a, x), without the cancellation. */
export const igammac: (a: ArrayLike, x: ArrayLike) => NDArray = binary('igammac');
/** The derivative of `igamma` in `a`. */
export const igammaGradA: (a: ArrayLike, x: ArrayLike) => NDArray = binary('igamma_grad_a');
/** How a sample `x` of the gamma distribution moves with its shape `a`. */
export const randomGammaGrad: (a: ArrayLike, x: ArrayLike) => NDArray = binary('random_gamma_grad');
/** The share of the beta distribution with parameters `a` and `b` below `x`. */
export const betainc = (a: ArrayLike, b: ArrayLike, x: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'lax.betainc');
  return apply('regularized_incomplete_beta', alike([a, b, x], 'regularized_incomplete_beta'));
};
/** The float after `x` in the direction of `y`. */
export const nextafter: (x: ArrayLike, y: ArrayLike) => NDArray = binary('nextafter');
export const eq: (x: ArrayLike, y: ArrayLike) => NDArray = binary('eq');
export const ne: (x: ArrayLike, y: ArrayLike) => NDArray = binary('ne');
export const lt: (x: ArrayLike, y: ArrayLike) => NDArray = binary('lt');
export const le: (x: ArrayLike, y: ArrayLike) => NDArray = binary('le');
export const gt: (x: ArrayLike, y: ArrayLike) => NDArray = binary('gt');
export const ge: (x: ArrayLike, y: ArrayLike) => NDArray = binary('ge');
export const bitwiseAnd: (x: ArrayLike, y: ArrayLike) => NDArray = binary('and');
export const bitwiseOr: (x: ArrayLike, y: ArrayLike) => NDArray = binary('or');
export const bitwiseXor: (x: ArrayLike, y: ArrayLike) => NDArray = binary('xor');
export const shiftLeft: (x: ArrayLike, y: ArrayLike) => NDArray = binary('shift_left');
export const shiftRightLogical: (x: ArrayLike, y: ArrayLike) => NDArray = binary('shift_right_logical');
export const shiftRightArithmetic: (x: ArrayLike, y: ArrayLike) => NDArray = binary('shift_right_arithmetic');

/** Elements of `cases[which]`: `which` is bool (false: the first case) or int32, a scalar or of the cases' shape. */
export const selectN = (which: NDArray, ...cases: readonly ArrayLike[]): NDArray =>
  apply('select_n', [which, ...alike(cases, 'select_n')]);
/** `onTrue` where `predicate`, else `onFalse`. */
export const select = (predicate: NDArray, onTrue: ArrayLike, onFalse: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'lax.select');
  return selectN(predicate, onFalse, onTrue);
};
/** `x` limited to [min, max]; the limits are scalars or of x's shape. */
export const clamp = (min: ArrayLike, x: ArrayLike, max: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'lax.clamp');
  return apply('clamp', operands([min, x, max], 'clamp'));
};

export function convertElementType(x: ArrayLike, dtype: DType, ...more: []): NDArray {
  refuseExtra(more, 'lax.convertElementType');
  const array = asArray(x, 'convert_element_type');
  if (array.dtype === dtype && !array.weakType) return array;
  return apply('convert_element_type', [array], {
    new_dtype: checkDType(dtype, 'convert_element_type: dtype'),
    weak_type: false,
  });
}

/** The bits of the elements as elements of another dtype; of one of another width, the last axis takes up the difference. */
export const bitcastConvertType = (x: ArrayLike, dtype: DType, ...more: []): NDArray => {
  refuseExtra(more, 'lax.bitcastConvertType');
  return apply('bitcast_convert_type', [asArray(x, 'bitcast_convert_type')], {
    new_dtype: checkDType(dtype, 'bitcast_convert_type: dtype'),
  });
};
/** Each element as the nearest one of a float format with so many bits. */
export const reducePrecision = (x: ArrayLike, exponentBits: number, mantissaBits: number, ...more: []): NDArray => {
  refuseExtra(more, 'lax.reducePrecision');
  return apply('reduce_precision', [asArray(x, 'reduce_precision')], {
    exponent_bits: exponentBits,
    mantissa_bits: mantissaBits,
  });
};
