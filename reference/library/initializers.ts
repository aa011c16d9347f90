/**
 * `nn.initializers`: functions of (key, shape, dtype) that make the weights of layers. The last axis of a weight is its
 * output, the one before its input; the axes before those are the receptive field of a convolution.
 */
import { finite, oneOf, shapeArgument } from '../core/arguments.ts';
import { defaultFloat, checkDType } from '../core/dtypes.ts';
import type { DType } from '../core/dtypes.ts';
import { checkOptions, ShapeError, refuseExtra } from '../core/errors.ts';
import { type Shape, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { canonicalAxis } from './numpy/arguments.ts';
import { full } from './numpy/creation.ts';
import * as random from './random.ts';

export type Initializer = (key: NDArray, shape: Shape, dtype?: DType) => NDArray;

export const zeros: Initializer = (_key, shape, dtype = defaultFloat(), ...more: []) => {
  refuseExtra(more, 'nn.initializers.zeros');
  return lax.full(shapeArgument(shape, 'nn.initializers.zeros'), 0, checkDType(dtype, 'nn.initializers.zeros: dtype'));
};
export const ones: Initializer = (_key, shape, dtype = defaultFloat(), ...more: []) => {
  refuseExtra(more, 'nn.initializers.ones');
  return lax.full(shapeArgument(shape, 'nn.initializers.ones'), 1, checkDType(dtype, 'nn.initializers.ones: dtype'));
};
export const constant = (value: number, dtype?: DType, ...more: []): Initializer => {
  refuseExtra(more, 'nn.initializers.constant');
  finite(value, 'nn.initializers.constant: value');
  checkDType(dtype ?? defaultFloat(), 'nn.initializers.constant: dtype');
  return (_key, shape, own = dtype ?? defaultFloat()) => full(shape, value, own);
};

/** Normal with standard deviation `stddev`. */
export const normal = (stddev: number = 0.01, dtype?: DType, ...more: []): Initializer => {
  refuseExtra(more, 'nn.initializers.normal');
  finite(stddev, 'nn.initializers.normal: stddev');
  checkDType(dtype ?? defaultFloat(), 'nn.initializers.normal: dtype');
  return (key, shape, own = dtype ?? defaultFloat()) => lax.mul(random.normal(key, shape, own), stddev);
};
/** Uniform in [0, scale). */
export const uniform = (scale: number = 0.01, dtype?: DType, ...more: []): Initializer => {
  refuseExtra(more, 'nn.initializers.uniform');
  finite(scale, 'nn.initializers.uniform: scale');
  checkDType(dtype ?? defaultFloat(), 'nn.initializers.uniform: dtype');
  return (key, shape, own = dtype ?? defaultFloat()) => lax.mul(random.uniform(key, shape, own), scale);
};

export interface FanOptions {
  readonly inAxis?: number;
  readonly outAxis?: number;
  readonly dtype?: DType;
}
const FAN_OPTIONS = ['inAxis', 'outAxis', 'dtype'];
const MODES = ['fan_in', 'fan_out', 'fan_avg'] as const;
const DISTRIBUTIONS = ['truncated_normal', 'normal', 'uniform'] as const;
export type VarianceMode = (typeof MODES)[number];
export type VarianceDistribution = (typeof DISTRIBUTIONS)[number];

/** Numbers of mean 0 and variance scale/fan, the fan being how many inputs, outputs or their mean a unit has. */
export function varianceScaling(
  scale: number,
  mode: VarianceMode,
  distribution: VarianceDistribution,
  options: FanOptions = {},
  ...more: []
): Initializer {
  refuseExtra(more, 'nn.initializers.varianceScaling');
  checkOptions(options, FAN_OPTIONS, 'nn.initializers.varianceScaling');
  finite(scale, 'nn.initializers.varianceScaling: scale');
  oneOf(mode, MODES, 'nn.initializers.varianceScaling: mode');
  oneOf(distribution, DISTRIBUTIONS, 'nn.initializers.varianceScaling: distribution');
  return (key, shape, dtype = options.dtype ?? defaultFloat()) => {
    const { fanIn, fanOut } = fans(shape, options);
    const fan = mode === 'fan_in' ? fanIn : mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
    const variance = lax.full([], scale / fan, dtype);
    const scaled = (numbers: NDArray, by: NDArray): NDArray => lax.mul(numbers, lax.broadcastInDim(by, shape, []));
    switch (distribution) {
      case 'normal':
        return scaled(random.normal(key, shape, dtype), lax.sqrt(variance));
      case 'uniform':
        return scaled(random.uniform(key, shape, { dtype, minval: -1 }), lax.sqrt(lax.mul(variance, 3)));
      case 'truncated_normal':
        return scaled(
          random.truncatedNormal(key, -2, 2, shape, dtype),
          lax.div(lax.sqrt(variance), TRUNCATED_DEVIATION),
        );
    }
  };
}
/** The standard deviation of a normal number limited to (−2, 2). */
const TRUNCATED_DEVIATION = 0.8796256610342398;

function fans(shape: Shape, { inAxis = -2, outAxis = -1 }: FanOptions): { fanIn: number; fanOut: number } {
  if (shape.length < 2) throw new ShapeError(`nn.initializers: a weight has rank 2 or more, got [${shape.join(',')}]`);
  const [inputs, outputs] = [inAxis, outAxis].map((a) => shape[canonicalAxis(a, shape.length, 'nn.initializers')]!) as [
    number,
    number,
  ];
  const field = sizeOf(shape) / inputs / outputs;
  return { fanIn: inputs * field, fanOut: outputs * field };
}

type Family = (options?: FanOptions) => Initializer;
const family =
  (name: string, scale: number, mode: VarianceMode, distribution: VarianceDistribution): Family =>
  (options = {}, ...more: []) => {
    refuseExtra(more, `nn.initializers.${name}`);
    checkOptions(options, FAN_OPTIONS, `nn.initializers.${name}`);
    return varianceScaling(scale, mode, distribution, options);
  };

export const glorotNormal: Family = family('glorotNormal', 1, 'fan_avg', 'truncated_normal');
export const glorotUniform: Family = family('glorotUniform', 1, 'fan_avg', 'uniform');
export const lecunNormal: Family = family('lecunNormal', 1, 'fan_in', 'truncated_normal');
export const lecunUniform: Family = family('lecunUniform', 1, 'fan_in', 'uniform');
export const heNormal: Family = family('heNormal', 2, 'fan_in', 'truncated_normal');
export const heUniform: Family = family('heUniform', 2, 'fan_in', 'uniform');
export const xavierNormal: Family = glorotNormal;
export const xavierUniform: Family = glorotUniform;
export const kaimingNormal: Family = heNormal;
export const kaimingUniform: Family = heUniform;
