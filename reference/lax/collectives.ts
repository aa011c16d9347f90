/**
 * What lanes do together: the functions of `lax` over named axes (spec/transformations/collectives.md). Those over trees
 * treat each leaf alike.
 */
import type { NamedAxis } from '../core/collective.ts';
import { asArray } from '../core/convert.ts';
import { inexactOf, isInexact } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, ShapeError } from '../core/errors.ts';
import { showAval } from '../core/host.ts';
import { sizeOfAxis } from '../core/named-axes.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Mapped } from '../core/tree.ts';
import { map } from '../core/tree-map.ts';
import type { CollectiveName } from '../primitives/index.ts';
import { canonicalAxis, collective } from './apply.ts';
import { add, convertElementType, div, mul } from './elementwise.ts';
import { ownPartOfSum } from './for-rules.ts';
import { expandDims, squeeze } from './shape.ts';

/** The name of an axis, or those of several. */
export type AxisName = string | readonly string[];

const namedAxis = (name: string, where: string): NamedAxis => ({ axis_name: name, axis_size: sizeOfAxis(name, where) });
const axesOf = (name: AxisName, where: string): NamedAxis[] => [name].flat().map((one) => namedAxis(one, where));
const lanesOf = (axes: readonly NamedAxis[]): number => axes.reduce((n, axis) => n * axis.axis_size, 1);

const eachLeaf = <T>(tree: T, f: (x: NDArray) => NDArray, where: string): Mapped<T, NDArray> =>
  map((leaf: unknown) => f(asArray(leaf, where)), tree);

const overAxes = (name: CollectiveName, x: NDArray, axes: readonly NamedAxis[]): NDArray =>
  axes.reduce((y, axis) => collective(name, [y], axis), x);

/**
 * The sum over all lanes. The sum of a number is known at once: `lax.psum(1, 'i')` is the number of lanes, also under jit.
 *
 * @example
 * vmap((x) => x.div(lax.psum(x, 'i')), { axisName: 'i' })(np.array([1, 3])); // [0.25, 0.75]
 * @throws UnboundAxisError if no enclosing vmap has the name
 */
export function psum<T>(x: T, axisName: AxisName): Mapped<T, NDArray> {
  const axes = axesOf(axisName, 'lax.psum');
  return map((leaf: unknown) => sumOfLeaf(leaf, axes, 'lax.psum'), x);
}

function sumOfLeaf(leaf: unknown, axes: readonly NamedAxis[], where: string): NDArray {
  if (typeof leaf === 'number') return asArray(leaf * lanesOf(axes), where);
  const x = asArray(leaf, where);
  return overAxes('psum', x.dtype === 'bool' ? convertElementType(x, 'int32') : x, axes);
}

/** The mean over all lanes; of integers a float. */
export function pmean<T>(x: T, axisName: AxisName): Mapped<T, NDArray> {
  const axes = axesOf(axisName, 'lax.pmean');
  return map((leaf: unknown) => {
    if (typeof leaf === 'number') return asArray(leaf, 'lax.pmean');
    const sum = sumOfLeaf(leaf, axes, 'lax.pmean');
    return div(isInexact(sum.dtype) ? sum : convertElementType(sum, inexactOf(sum.dtype)), lanesOf(axes));
  }, x);
}

/** The largest over all lanes. */
export function pmax<T>(x: T, axisName: AxisName): Mapped<T, NDArray> {
  const axes = axesOf(axisName, 'lax.pmax');
  return eachLeaf(x, (leaf) => overAxes('pmax', leaf, axes), 'lax.pmax');
}

/** The smallest over all lanes. */
export function pmin<T>(x: T, axisName: AxisName): Mapped<T, NDArray> {
  const axes = axesOf(axisName, 'lax.pmin');
  return eachLeaf(x, (leaf) => overAxes('pmin', leaf, axes), 'lax.pmin');
}

/**
 * Sends lane to lane: `perm` has pairs `[source, destination]`. A lane that nothing is sent to has zeros.
 *
 * @example
 * vmap((x) => lax.ppermute(x, 'i', [[0, 1], [1, 0]]), { axisName: 'i' })(np.array([1, 2])); // [2, 1]
 * @throws ConstraintError if a lane is a source or a destination twice, or does not exist
 */
export function ppermute<T>(
  x: T,
  axisName: string,
  perm: readonly (readonly [source: number, destination: number])[],
): Mapped<T, NDArray> {
  const axis = namedAxis(axisName, 'lax.ppermute');
  return eachLeaf(x, (leaf) => collective('ppermute', [leaf], { ...axis, perm }), 'lax.ppermute');
}

/** Lane k gets what lane `perm[k]` has. @throws ArgumentError if `perm` is no permutation of all lanes */
export function pshuffle<T>(x: T, axisName: string, perm: readonly number[]): Mapped<T, NDArray> {
  const n = sizeOfAxis(axisName, 'lax.pshuffle');
  if (perm.toSorted((a, b) => a - b).some((lane, k) => lane !== k) || perm.length !== n) {
    throw new ArgumentError(`lax.pshuffle: perm must have each of the ${n} lanes once, got [${perm.join(', ')}]`);
  }
  return ppermute(x, axisName, perm.map((source, destination) => [source, destination])); // prettier-ignore
}

/** Exchanges the named axis with an axis of the same size. */
export const pswapaxes = <T>(x: T, axisName: string, axis: number): Mapped<T, NDArray> =>
  allToAll(x, axisName, axis, axis);

export interface TiledOptions {
  /** True: parts are blocks of an axis that stays; false (the default): rows of an axis that comes or goes. */
  readonly tiled?: boolean;
}

/**
 * Each lane splits what it has along `splitAxis`, one part per lane, and gets one part from each, along `concatAxis`.
 *
 * @throws ShapeError if `splitAxis` cannot be split into one part per lane
 */
export function allToAll<T>(
  x: T,
  axisName: string,
  splitAxis: number,
  concatAxis: number,
  options: TiledOptions = {},
): Mapped<T, NDArray> {
  const where = 'lax.allToAll';
  checkOptions(options, ['tiled'], where);
  const axis = namedAxis(axisName, where);
  return eachLeaf(x, (leaf) => exchange(leaf, axis, splitAxis, concatAxis, options.tiled ?? false), where);
}

function exchange(x: NDArray, axis: NamedAxis, splitAxis: number, concatAxis: number, tiled: boolean): NDArray {
  const where = 'lax.allToAll';
  const [from, to] = [splitAxis, concatAxis].map((d) => canonicalAxis(d, x.ndim, where)) as [number, number];
  const swap = (y: NDArray, split_axis: number, concat_axis: number): NDArray =>
    collective('all_to_all', [y], { ...axis, split_axis, concat_axis });
  if (tiled) return swap(x, from, to);
  if (x.shape[from] !== axis.axis_size) {
    throw new ShapeError(
      `${where}: axis ${splitAxis} of ${showAval(x.aval)} must have one row for each of the ${axis.axis_size} lanes; see { tiled: true }`,
    );
  }
  if (from === to) return swap(x, from, to);
  // `to` counts without the axis that goes, so the new one comes behind it or in front of it.
  const split = to < from ? from + 1 : from;
  const concat = to < from ? to : to + 1;
  return squeeze(swap(expandDims(x, [concat]), split, concat), [split]);
}

export interface AllGatherOptions extends TiledOptions {
  /** Where the lanes stand in the result. Default 0. */
  readonly axis?: number;
}

/** What all lanes have, stacked along a new axis, or joined along one that is there (`tiled`). */
export function allGather<T>(x: T, axisName: string, options: AllGatherOptions = {}): Mapped<T, NDArray> {
  const where = 'lax.allGather';
  checkOptions(options, ['axis', 'tiled'], where);
  const axis = namedAxis(axisName, where);
  const tiled = options.tiled ?? false;
  return eachLeaf(x, (leaf) => {
    const all_gather_dimension = canonicalAxis(options.axis ?? 0, leaf.ndim + (tiled ? 0 : 1), where);
    return collective('all_gather', [leaf], { ...axis, all_gather_dimension, tiled });
  }, where); // prettier-ignore
}

export interface PsumScatterOptions extends TiledOptions {
  /** The axis whose parts go to the lanes. Default 0. */
  readonly scatterDimension?: number;
}

/** The sum over all lanes, of which each lane gets its part. @throws ShapeError if there is not one part per lane */
export function psumScatter<T>(x: T, axisName: string, options: PsumScatterOptions = {}): Mapped<T, NDArray> {
  const where = 'lax.psumScatter';
  checkOptions(options, ['scatterDimension', 'tiled'], where);
  const axis = namedAxis(axisName, where);
  const { scatterDimension = 0, tiled = false } = options;
  return eachLeaf(x, (leaf) => {
    const d = canonicalAxis(scatterDimension, leaf.ndim, where);
    const size = leaf.shape[d]!;
    if (tiled ? size % axis.axis_size !== 0 : size !== axis.axis_size) {
      throw new ShapeError(`${where}: axis ${d} of ${showAval(leaf.aval)} must have a part for each of the ${axis.axis_size} lanes`); // prettier-ignore
    }
    return ownPartOfSum(leaf, axis, d, tiled);
  }, where); // prettier-ignore
}

/** The number of this lane, int32; over several axes the last counts fastest. */
export function axisIndex(axisName: AxisName): NDArray {
  const [first, ...others] = axesOf(axisName, 'lax.axisIndex');
  if (first === undefined) throw new ArgumentError('lax.axisIndex: at least one axis must be named');
  const lane = (axis: NamedAxis): NDArray => collective('axis_index', [], axis);
  return others.reduce((outer, axis) => add(mul(outer, axis.axis_size), lane(axis)), lane(first));
}

/** How many lanes there are, as a JavaScript number. */
export const axisSize = (axisName: AxisName): number => lanesOf(axesOf(axisName, 'lax.axisSize'));
