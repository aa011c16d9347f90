import { temporary, withTemporaries } from '../core/scopes.ts';
import { ArgumentError, checkOptions, ShapeError, refuseExtra } from '../core/errors.ts';
import { showAval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { broadcastPrefix, type TreeDef, unflatten } from '../core/tree.ts';
import {
  type AnyFunction,
  type Arrays,
  flattenArguments,
  flattenFunction,
  type LooseArguments,
  called,
} from './call.ts';
import { transforms } from './rules.ts';
import { batchFlat } from './vmap.ts';

/** An axis, null for none, or a tree of them that is a prefix of the arguments (results). */
export type Axes = number | null | readonly Axes[] | { readonly [key: string]: Axes };

export interface VmapOptions {
  /** Per argument, the axis that holds the examples; null: the same for every example. Default 0. */
  readonly inAxes?: number | null | readonly Axes[];
  /** Where results hold them. Default 0. */
  readonly outAxes?: Axes;
  /** What collectives (`lax.psum` …) in `f` call the axis. */
  readonly axisName?: string;
  /** How many examples there are, for where no argument says so. */
  readonly axisSize?: number;
}

const isAxis = (x: unknown): boolean => x === null || typeof x === 'number';

/** An axis of `x` counted from the front. @throws ShapeError */
function normalAxis(axis: number, rank: number, x: NDArray, where: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${where}: axis ${axis} does not exist in ${showAval(x.aval)}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * `f` over a batch: each call of the result computes `f` for every example (spec/transformations/vmap.md).
 *
 * @example
 * vmap((x, y) => x.mul(y).sum(), [0, null])(np.ones([5, 3]), np.ones([3])).shape; // [5]
 * @throws ShapeError if the axes differ in size or do not exist; TreeError if inAxes does not fit the arguments;
 * ArgumentError if nothing says how many examples there are
 */
export function vmap<F extends AnyFunction>(
  f: F,
  axes: number | null | readonly Axes[] | VmapOptions = 0,
  ...more: []
): (...args: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>> {
  refuseExtra(more, 'vmap');
  const options: VmapOptions =
    isAxis(axes) || Array.isArray(axes) ? { inAxes: axes as number | null | readonly Axes[] } : (axes as VmapOptions);
  checkOptions(options, ['inAxes', 'outAxes', 'axisName', 'axisSize'], 'vmap');
  const name = checkedName(options.axisName, 'vmap');
  const where = called('vmap', f);
  return (...args) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const at = inputAxes(options.inAxes === undefined ? 0 : options.inAxes, arrays, treedef, where);
    const size = batchSize(arrays, at, options.axisSize, treedef, where);
    const { flat, outTree } = flattenFunction(f, treedef, where);
    const axis = { size, name };
    const results = withTemporaries(
      () => {
        const { out, at: outAt } = batchFlat(transforms, flat, arrays, at, axis);
        const wanted = broadcastPrefix(
          options.outAxes === undefined ? 0 : options.outAxes,
          outTree(),
          `${where} outAxes`,
          isAxis,
        );
        const paths = outTree().paths();
        return temporary(() =>
          out.map((y, i) => place(y, outAt[i]!, wanted[i] as number | null, size, `${where} outAxes${paths[i]}`)),
        );
      },
      (ys) => ys,
    );
    return unflatten(outTree(), results) as Arrays<ReturnType<F>>;
  };
}

function inputAxes(inAxes: unknown, arrays: readonly NDArray[], treedef: TreeDef, where: string): (number | null)[] {
  const spread = broadcastPrefix(inAxes, treedef, `${where} inAxes`, isAxis) as (number | null)[];
  const paths = treedef.paths();
  return spread.map((axis, i) =>
    axis === null ? null : normalAxis(axis, arrays[i]!.ndim, arrays[i]!, `${where}, argument${paths[i]}`),
  );
}

/** @throws ArgumentError if it is no name */
function checkedName(name: unknown, where: string): string | null {
  if (name === undefined || name === null) return null;
  if (typeof name === 'string') return name;
  throw new ArgumentError(`${where}: axisName must be a string, got ${typeof name}`);
}

function batchSize(
  arrays: readonly NDArray[],
  at: readonly (number | null)[],
  given: number | undefined,
  treedef: TreeDef,
  where: string,
): number {
  if (given !== undefined && (!Number.isSafeInteger(given) || given < 0)) {
    throw new ArgumentError(`${where}: axisSize must be a natural number, got ${String(given)}`);
  }
  const sizes = at.map((axis, i) => (axis === null ? null : arrays[i]!.shape[axis]!));
  const first = sizes.findIndex((n) => n !== null);
  if (first < 0) {
    if (given !== undefined) return given;
    throw new ArgumentError(`${where}: at least one argument must have an axis in inAxes, or axisSize be given`);
  }
  if (given !== undefined && given !== sizes[first]) {
    throw new ShapeError(
      `${where}: axisSize is ${given}, but argument${treedef.paths()[first]} has ${sizes[first]} examples`,
    );
  }
  const other = sizes.findIndex((n) => n !== null && n !== sizes[first]);
  if (other >= 0) {
    const paths = treedef.paths();
    throw new ShapeError(
      `${where}: the batch has ${sizes[first]} examples in argument${paths[first]} and ${sizes[other]} in argument${paths[other]}`,
    );
  }
  return sizes[first]!;
}

function place(y: NDArray, at: number | null, wanted: number | null, size: number, where: string): NDArray {
  const { lax } = transforms;
  if (wanted === null) {
    if (at !== null) throw new ShapeError(`${where}: the result differs between the examples, so it needs an axis`);
    return y;
  }
  const whole = at === null ? lax.broadcast(y, [size]) : y;
  return lax.moveAxis(whole, at ?? 0, normalAxis(wanted, whole.ndim, whole, where));
}
