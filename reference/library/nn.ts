/** `nn`: activation functions, softmax and its relatives, and initializers, as JAX's `jax.nn`. Not normative. */
import { arrayLike, integer, shapeArgument } from '../core/arguments.ts';
import { defaultFloat } from '../core/dtypes.ts';
import { asArray } from '../core/convert.ts';
import type { DType } from '../core/dtypes.ts';
import { checkOptions, ShapeError, refuseExtra } from '../core/errors.ts';
import { showAval } from '../core/host.ts';
import type { ArrayLike, Axis, NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import {
  broadcastShape,
  canonicalAxes,
  canonicalAxis,
  inexact,
  mergeAxis,
  promoteArguments,
  promoteDtypes,
} from './numpy/arguments.ts';
import { astype } from './numpy/creation.ts';
import {
  divide,
  logaddexp,
  minimum,
  multiply,
  negative,
  subtract,
  tanh,
  type Unary,
  where,
} from './numpy/elementwise.ts';
import { split } from './numpy/join.ts';
import { mean as meanOf, variance as varianceOf } from './numpy/reductions.ts';

export * as initializers from './initializers.ts';
export { tanh };

const floating =
  (name: string, f: (x: NDArray) => NDArray): Unary =>
  (x, ...more: []) => {
    refuseExtra(more, `nn.${name}`);
    return f(promoteDtypes([x], `nn.${name}`, inexact)[0]!);
  };

/** The array itself. */
export const identity = (x: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'nn.identity');
  return asArray(x, 'nn.identity');
};

/** max(x, 0). Its derivative at 0 is 0. */
export function relu(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'nn.relu');
  const array = asArray(x, 'nn.relu');
  // Written as a choice: the derivative of max would be 1/2 where its operands tie.
  return lax.select(lax.le(array, 0), 0, array);
}
/** min(max(x, 0), 6). Its derivative at 0 and 6 is 0. */
export function relu6(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'nn.relu6');
  const array = asArray(x, 'nn.relu6');
  return lax.select(lax.ge(array, 6), 6, relu(array));
}

/** 1/(1 + e⁻ˣ). */
export const sigmoid: Unary = floating('sigmoid', lax.logistic);
/** log(1 + eˣ). */
export const softplus: Unary = (x, ...more: []) => {
  refuseExtra(more, 'nn.softplus');
  return logaddexp(arrayLike(x, 'nn.softplus'), 0);
};
/** log(sigmoid(x)). */
export const logSigmoid: Unary = (x, ...more: []) => {
  refuseExtra(more, 'nn.logSigmoid');
  return negative(softplus(negative(arrayLike(x, 'nn.logSigmoid'))));
};
/** x·sigmoid(x). */
export const silu: Unary = floating('silu', (x) => lax.mul(x, lax.logistic(x)));
export const swish: Unary = silu;
/** x·tanh(softplus(x)). */
export const mish: Unary = floating('mish', (x) => lax.mul(x, lax.tanh(softplus(x))));
/** x/(|x| + 1). */
export const softSign: Unary = floating('softSign', (x) => lax.div(x, lax.add(lax.abs(x), 1)));
/** x limited to [−1, 1]. */
export const hardTanh: Unary = floating('hardTanh', (x) =>
  lax.select(lax.gt(x, 1), 1, lax.select(lax.lt(x, -1), -1, x)),
);
/** relu6(x + 3)/6. */
export const hardSigmoid: Unary = floating('hardSigmoid', (x) => lax.div(relu6(lax.add(x, 3)), 6));
/** x·hardSigmoid(x). */
export const hardSilu: Unary = floating('hardSilu', (x) => lax.mul(x, hardSigmoid(x)));
export const hardSwish: Unary = hardSilu;
/** (x + √(x² + b))/2. */
export const squareplus = (x: ArrayLike, b: ArrayLike = 4, ...more: []): NDArray => {
  refuseExtra(more, 'nn.squareplus');
  const [array, width] = promoteArguments([x, b], 'nn.squareplus', inexact) as [NDArray, NDArray];
  return lax.div(lax.add(array, lax.sqrt(lax.add(lax.mul(array, array), width))), 2);
};

/** x for x > 0, else alpha·(eˣ − 1). */
export function elu(x: ArrayLike, alpha: ArrayLike = 1, ...more: []): NDArray {
  refuseExtra(more, 'nn.elu');
  const [array] = promoteDtypes([x], 'nn.elu', inexact) as [NDArray];
  arrayLike(alpha, 'nn.elu: alpha');
  const positive = lax.gt(array, 0);
  // eˣ of large x would overflow, and its derivative with it.
  return where(positive, array, multiply(lax.expm1(lax.select(positive, 0, array)), alpha));
}
/** max(x, 0) + alpha·(exp(min(x, 0)/alpha) − 1). */
export function celu(x: ArrayLike, alpha: ArrayLike = 1, ...more: []): NDArray {
  refuseExtra(more, 'nn.celu');
  const [array] = promoteDtypes([x], 'nn.celu', inexact) as [NDArray];
  arrayLike(alpha, 'nn.celu: alpha');
  const negativePart = multiply(lax.expm1(divide(minimum(array, 0), alpha)), alpha);
  return lax.add(lax.max(array, 0), broadcastShape(negativePart, array.shape, 'nn.celu'));
}
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
/** The scaled elu that keeps mean 0 and variance 1. */
export const selu: Unary = (x, ...more: []) => {
  refuseExtra(more, 'nn.selu');
  return multiply(elu(arrayLike(x, 'nn.selu'), SELU_ALPHA), SELU_SCALE);
};
/** x for x ≥ 0, else negativeSlope·x. */
export function leakyRelu(x: ArrayLike, negativeSlope: ArrayLike = 0.01, ...more: []): NDArray {
  refuseExtra(more, 'nn.leakyRelu');
  const [array] = promoteDtypes([x], 'nn.leakyRelu', inexact) as [NDArray];
  arrayLike(negativeSlope, 'nn.leakyRelu: negativeSlope');
  return where(lax.ge(array, 0), array, multiply(array, negativeSlope));
}

/** x·Φ(x), Φ being the normal distribution function; by default its approximation with tanh, as in JAX. */
export function gelu(
  x: ArrayLike,
  approximate: boolean | { readonly approximate?: boolean } = true,
  ...more: []
): NDArray {
  refuseExtra(more, 'nn.gelu');
  const given = typeof approximate === 'boolean' ? { approximate } : approximate;
  checkOptions(given, ['approximate'], 'nn.gelu');
  const byTanh = given.approximate ?? true;
  const [array] = promoteDtypes([x], 'nn.gelu', inexact) as [NDArray];
  const cube = (): NDArray => lax.mul(lax.mul(lax.mul(array, array), array), 0.044715);
  const inner = byTanh
    ? lax.tanh(lax.mul(lax.add(array, cube()), Math.sqrt(2 / Math.PI)))
    : lax.erf(lax.div(array, Math.SQRT2));
  return lax.mul(lax.mul(array, 0.5), lax.add(inner, 1));
}

/** The first half along an axis times the sigmoid of the second. */
export function glu(x: ArrayLike, axis: number = -1, ...more: []): NDArray {
  refuseExtra(more, 'nn.glu');
  const [array] = promoteDtypes([x], 'nn.glu', inexact) as [NDArray];
  const at = canonicalAxis(axis, array.ndim, 'nn.glu');
  if (array.shape[at]! % 2 !== 0) throw new ShapeError(`nn.glu: axis ${axis} of ${showAval(array.aval)} has no halves`);
  const [first, second] = split(array, 2, at);
  return lax.mul(first!, lax.logistic(second!));
}

// ---- softmax and its relatives

interface AxisOptions {
  readonly axis?: Axis;
}

/** The array as floats, less its largest elements along the axes (which do not matter to derivatives). */
function shifted(
  x: ArrayLike,
  axis: Axis | AxisOptions,
  name: string,
): { array: NDArray; axes: number[]; repeat(y: NDArray): NDArray } {
  const [array] = promoteDtypes([x], name, inexact) as [NDArray];
  const given = mergeAxis<AxisOptions>(axis, undefined, ['axis'], name);
  const axes = canonicalAxes(given.axis === undefined ? -1 : given.axis, array.ndim, name);
  const repeat = (y: NDArray): NDArray => lax.broadcastInDim(y, array.shape, kept(array, axes));
  return { array: lax.sub(array, repeat(lax.stopGradient(lax.reduceMax(array, axes)))), axes, repeat };
}
const kept = (x: NDArray, axes: readonly number[]): number[] =>
  x.shape.map((_, d) => d).filter((d) => !axes.includes(d));

/** eˣ over its sum along an axis (the last one). */
export function softmax(x: ArrayLike, axis: Axis | AxisOptions = -1, ...more: []): NDArray {
  refuseExtra(more, 'nn.softmax');
  const { array, axes, repeat } = shifted(x, axis, 'nn.softmax');
  const weights = lax.exp(array);
  return lax.div(weights, repeat(lax.reduceSum(weights, axes)));
}
/** log(softmax(x)). */
export function logSoftmax(x: ArrayLike, axis: Axis | AxisOptions = -1, ...more: []): NDArray {
  refuseExtra(more, 'nn.logSoftmax');
  const { array, axes, repeat } = shifted(x, axis, 'nn.logSoftmax');
  return lax.sub(array, repeat(lax.log(lax.reduceSum(lax.exp(array), axes))));
}

export interface LogsumexpOptions extends AxisOptions {
  readonly keepdims?: boolean;
}
/** log Σ eˣ without overflow, over all axes or those given. */
export function logsumexp(
  x: ArrayLike,
  axis?: Axis | LogsumexpOptions,
  options?: LogsumexpOptions,
  ...more: []
): NDArray {
  refuseExtra(more, 'nn.logsumexp');
  const given = mergeAxis<LogsumexpOptions>(axis, options, ['axis', 'keepdims'], 'nn.logsumexp');
  const [array] = promoteDtypes([x], 'nn.logsumexp', inexact) as [NDArray];
  const axes = canonicalAxes(given.axis, array.ndim, 'nn.logsumexp');
  const largest = lax.reduceMax(array, axes);
  const shift = lax.stopGradient(lax.select(lax.isFinite(largest), largest, 0));
  const weights = lax.exp(lax.sub(array, lax.broadcastInDim(shift, array.shape, kept(array, axes))));
  const result = lax.add(lax.log(lax.reduceSum(weights, axes)), shift);
  return given.keepdims === true ? lax.expandDims(result, axes) : result;
}

export interface StandardizeOptions extends AxisOptions {
  readonly mean?: ArrayLike;
  readonly variance?: ArrayLike;
  readonly epsilon?: number;
}
/** (x − mean)/√(variance + epsilon) along an axis (the last one). */
export function standardize(
  x: ArrayLike,
  axis: Axis | StandardizeOptions = -1,
  options?: StandardizeOptions,
  ...more: []
): NDArray {
  refuseExtra(more, 'nn.standardize');
  const given = mergeAxis<StandardizeOptions>(axis, options, ['axis', 'mean', 'variance', 'epsilon'], 'nn.standardize');
  const [array] = promoteDtypes([x], 'nn.standardize', inexact) as [NDArray];
  const over = {
    axis: canonicalAxes(given.axis === undefined ? -1 : given.axis, array.ndim, 'nn.standardize'),
    keepdims: true,
  };
  const centre = given.mean ?? meanOf(array, over);
  const variance = asArray(given.variance ?? varianceOf(array, over), 'nn.standardize');
  return multiply(subtract(array, centre), lax.rsqrt(lax.add(variance, given.epsilon ?? 1e-5)));
}
/** The name that `standardize` had first. */
export const normalize: typeof standardize = standardize;

export interface OneHotOptions {
  readonly dtype?: DType;
  /** Where the axis of the classes goes (the end). */
  readonly axis?: number;
}
/** Ones in the places that the integers name along a new axis, zeros elsewhere; out of range, zeros only. */
export function oneHot(x: ArrayLike, numClasses: number, options: OneHotOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'nn.oneHot');
  checkOptions(options, ['dtype', 'axis'], 'nn.oneHot');
  const index = asArray(x, 'nn.oneHot');
  const at = canonicalAxis(options.axis ?? -1, index.ndim + 1, 'nn.oneHot');
  const [classes] = shapeArgument(integer(numClasses, 'nn.oneHot: numClasses'), 'nn.oneHot') as [number];
  const shape = [...index.shape.slice(0, at), classes, ...index.shape.slice(at)];
  const wide = lax.broadcastInDim(index, shape, index.shape.map((_, d) => (d < at ? d : d + 1))); // prettier-ignore
  return astype(lax.eq(wide, lax.broadcastedIota(index.dtype, shape, at)), options.dtype ?? defaultFloat());
}
