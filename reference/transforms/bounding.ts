/** errorBound (spec/transformations/error-bound.md): how far the results of a function may be off. */
import { oneOf } from '../core/arguments.ts';
import { ConcreteArray } from '../core/array.ts';
import type { ProfileName } from '../core/backend.ts';
import { checkOptions, ConcretizationError, refuseExtra } from '../core/errors.ts';
import { type HostArray, sizeOf } from '../core/host.ts';
import type { Bounded } from '../core/primitive.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Mapped, unflatten } from '../core/tree.ts';
import { type AnyFunction, type Arrays, called, flattenArguments, flattenFunction, type LooseArguments, nameOf } from './call.ts'; // prettier-ignore
import { errorBound as boundsOf, likelySize } from './error-bound.ts';
import { PROFILES } from './rounding.ts';
import { stage } from './staging.ts';

export interface ErrorBoundOptions {
  /** How exact those are who compute it (spec/numerics.md#profiles); left out: `strict`. */
  readonly profile?: ProfileName;
}

/** A result with its bounds: arrays of its shape in float64, with one number for each element. */
export interface BoundedResult {
  /** What the reference computes. */
  readonly value: NDArray;
  /** No backend that conforms is farther from it; Infinity where nothing is proved. */
  readonly worst: NDArray;
  /** Hardly any backend is farther from it: four standard deviations of roundings that are independent. */
  readonly likely: NDArray;
}

/**
 * The values of `f`, each with a bound of what rounding errors may do to it: a proof (`worst`), and a likely one.
 * Arguments are exact. All derivatives of a function have bounds as well: `errorBound(grad(f))`.
 *
 * @example
 * const { value, worst } = errorBound((x) => np.exp(x).sum())(np.array([1, 2, 3]));
 * @throws ConcretizationError for traced arguments: a bound depends on values
 */
export function errorBound<F extends AnyFunction>(
  f: F,
  options: ErrorBoundOptions = {},
  ...more: []
): (...args: LooseArguments<Parameters<F>>) => Mapped<Arrays<ReturnType<F>>, BoundedResult> {
  refuseExtra(more, 'errorBound');
  checkOptions(options, ['profile'], 'errorBound');
  const profile = oneOf(options.profile ?? 'strict', Object.keys(PROFILES) as ProfileName[], 'errorBound: profile');
  const where = called('errorBound', f);
  return (...args) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const inputs = arrays.map((x) => valueOf(x, where));
    const { flat, outTree } = flattenFunction(f, treedef, where);
    const { jaxpr, lifted } = stage(nameOf(f), flat, arrays.map((x) => x.aval)); // prettier-ignore
    const closedOver = lifted.map((x) => valueOf(x, where));
    const results = boundsOf(jaxpr, [...closedOver, ...inputs], profile);
    return unflatten(outTree(), results.map(withArrays)) as Mapped<Arrays<ReturnType<F>>, BoundedResult>;
  };
}

function valueOf(x: NDArray, where: string): HostArray {
  if (x instanceof ConcreteArray) return x.toHost();
  throw new ConcretizationError(
    `${where}: a traced value has no error bound yet. Call it with arrays, outside of jit, grad and vmap; ` +
      'for the bound of a transformed function write errorBound(grad(f))(x)',
  );
}

function withArrays({ value, bound }: Bounded): BoundedResult {
  const sizes = (of: Float64Array | undefined, scaled: (v: number) => number): NDArray => {
    const data = of?.map(scaled) ?? new Float64Array(sizeOf(value.shape));
    return ConcreteArray.fromHost({ shape: value.shape, dtype: 'float64', data });
  };
  return {
    value: ConcreteArray.fromHost(value),
    worst: sizes(bound?.worst, (w) => w),
    likely: sizes(bound?.variance, likelySize),
  };
}
