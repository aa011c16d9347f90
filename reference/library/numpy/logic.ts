/** Comparisons, logic and bits. */
import { arrayLike } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { isComplex, isInexact } from '../../core/dtypes.ts';
import { checkOptions, refuseExtra } from '../../core/errors.ts';
import { sameShape } from '../../core/host.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { broadcastAll, inexact, numeric, promoteArguments, promoteDtypes, truthy } from './arguments.ts';
import { type Binary, imag, type Unary } from './elementwise.ts';

const comparison =
  (name: string, f: (x: NDArray, y: NDArray) => NDArray): Binary =>
  (x, y, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const [a, b] = promoteArguments([x, y], `np.${name}`);
    return f(a!, b!);
  };

export const equal: Binary = comparison('equal', lax.eq);
export const notEqual: Binary = comparison('notEqual', lax.ne);
export const less: Binary = comparison('less', lax.lt);
export const lessEqual: Binary = comparison('lessEqual', lax.le);
export const greater: Binary = comparison('greater', lax.gt);
export const greaterEqual: Binary = comparison('greaterEqual', lax.ge);

const logical =
  (name: string, f: (x: NDArray, y: NDArray) => NDArray): Binary =>
  (x, y, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const [a, b] = broadcastAll([truthy(x, `np.${name}`), truthy(y, `np.${name}`)], `np.${name}`);
    return f(a!, b!);
  };

export const logicalAnd: Binary = logical('logicalAnd', lax.bitwiseAnd);
export const logicalOr: Binary = logical('logicalOr', lax.bitwiseOr);
export const logicalXor: Binary = logical('logicalXor', lax.bitwiseXor);
export const logicalNot: Unary = (x, ...more: []) => {
  refuseExtra(more, 'np.logicalNot');
  return lax.bitwiseNot(truthy(x, 'np.logicalNot'));
};

export const bitwiseAnd: Binary = comparison('bitwiseAnd', lax.bitwiseAnd);
export const bitwiseOr: Binary = comparison('bitwiseOr', lax.bitwiseOr);
export const bitwiseXor: Binary = comparison('bitwiseXor', lax.bitwiseXor);
export const bitwiseNot: Unary = (x, ...more: []) => {
  refuseExtra(more, 'np.bitwiseNot');
  return lax.bitwiseNot(asArray(x, 'np.bitwiseNot'));
};
export const invert: Unary = bitwiseNot;

const shift =
  (name: string, f: (x: NDArray, y: NDArray) => NDArray): Binary =>
  (x, y, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const [a, b] = promoteArguments([x, y], `np.${name}`, numeric);
    return f(a!, b!);
  };

/** Moves bits up; from 32 places on nothing is left. */
export const leftShift: Binary = shift('leftShift', lax.shiftLeft);
export const bitwiseLeftShift: Binary = leftShift;
/** Moves bits down; signed integers keep their sign. */
export const rightShift: Binary = shift('rightShift', (x, y) =>
  x.dtype === 'uint32' ? lax.shiftRightLogical(x, y) : lax.shiftRightArithmetic(x, y),
);
export const bitwiseRightShift: Binary = rightShift;

/** What a test of floats answers for integers and bool. */
const always = (x: NDArray, answer: boolean): NDArray => lax.full(x.shape, answer, 'bool');
const floatTest =
  (name: string, test: (x: NDArray) => NDArray, forIntegers: boolean): Unary =>
  (x, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const array = asArray(x, `np.${name}`);
    return isInexact(array.dtype) ? test(array) : always(array, forIntegers);
  };

/** Neither NaN nor an infinity, in either part of a complex number. */
export const isfinite: Unary = floatTest(
  'isfinite',
  (x) => (isComplex(x.dtype) ? lax.bitwiseAnd(lax.isFinite(lax.real(x)), lax.isFinite(lax.imag(x))) : lax.isFinite(x)),
  true,
);
export const isnan: Unary = floatTest('isnan', (x) => lax.ne(x, x), false);
/** An infinite part, whatever the other is. */
export const isinf: Unary = floatTest('isinf', (x) => lax.eq(lax.abs(x), Infinity), false);
export const isposinf: Unary = floatTest('isposinf', (x) => lax.eq(x, Infinity), false);
export const isneginf: Unary = floatTest('isneginf', (x) => lax.eq(x, -Infinity), false);

/** Whether the imaginary part is 0. */
export const isreal: Unary = (x, ...more: []) => {
  refuseExtra(more, 'np.isreal');
  return logicalNot(imag(arrayLike(x, 'np.isreal')));
};
/** Whether the imaginary part is not 0. */
export const iscomplex: Unary = (x, ...more: []) => {
  refuseExtra(more, 'np.iscomplex');
  return truthy(imag(arrayLike(x, 'np.iscomplex')), 'np.iscomplex');
};
/** Whether the dtype is complex, whatever the values. */
export const iscomplexobj = (x: ArrayLike, ...more: []): boolean => {
  refuseExtra(more, 'np.iscomplexobj');
  return isComplex(asArray(x, 'np.iscomplexobj').dtype);
};
/** Whether the dtype is not complex, whatever the values. */
export const isrealobj = (x: ArrayLike, ...more: []): boolean => {
  refuseExtra(more, 'np.isrealobj');
  return !iscomplexobj(arrayLike(x, 'np.isrealobj'));
};

export interface CloseOptions {
  readonly rtol?: number;
  readonly atol?: number;
  readonly equalNan?: boolean;
}

/** |x − y| ≤ atol + rtol·|y| per element. */
export function isclose(x: ArrayLike, y: ArrayLike, options: CloseOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.isclose');
  return closeness(x, y, options, 'np.isclose');
}

function closeness(x: ArrayLike, y: ArrayLike, options: CloseOptions, where: string): NDArray {
  checkOptions(options, ['rtol', 'atol', 'equalNan'], where);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  const [a, b] = promoteArguments([x, y], where, inexact) as [NDArray, NDArray];
  const allowed = lax.add(lax.mul(lax.abs(b), rtol), atol);
  const near = lax.bitwiseAnd(isfinite(b), lax.le(lax.abs(lax.sub(a, b)), allowed));
  const close = lax.bitwiseOr(lax.eq(a, b), near);
  return equalNan ? lax.bitwiseOr(close, lax.bitwiseAnd(lax.ne(a, a), lax.ne(b, b))) : close;
}

const everyElement = (x: NDArray): NDArray =>
  lax.reduceAnd(
    x,
    x.shape.map((_, d) => d),
  );

/** True if every element is close. */
export const allclose = (x: ArrayLike, y: ArrayLike, options: CloseOptions = {}, ...more: []): NDArray => {
  refuseExtra(more, 'np.allclose');
  return everyElement(closeness(x, y, options, 'np.allclose'));
};

/** True if shapes and elements are equal. */
export function arrayEqual(
  x: ArrayLike,
  y: ArrayLike,
  options: { readonly equalNan?: boolean } = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.arrayEqual');
  checkOptions(options, ['equalNan'], 'np.arrayEqual');
  const [a, b] = promoteDtypes([x, y], 'np.arrayEqual') as [NDArray, NDArray];
  if (!sameShape(a.shape, b.shape)) return lax.full([], false, 'bool');
  const same = lax.eq(a, b);
  const bothNaN = (): NDArray => lax.bitwiseAnd(lax.ne(a, a), lax.ne(b, b));
  return everyElement(options.equalNan === true ? lax.bitwiseOr(same, bothNaN()) : same);
}
