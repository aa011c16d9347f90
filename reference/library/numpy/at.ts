/** Parts of arrays, and copies with parts changed: `x.slice(…)` and `x.at(…)` (spec/values.md#indexing). */
import { scalar } from '../../core/convert.ts';
import { promote } from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, DTypeError } from '../../core/errors.ts';
import { sizeOf } from '../../core/host.ts';
import {
  type ArrayLike,
  type GetOptions,
  type IndexEntry,
  NDArray,
  type Place,
  type SetOptions,
} from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { broadcastShape } from './arguments.ts';
import { type AxisChoice, choicesOf, hasPoints, layoutOf } from './index-expression.ts';

/**
 * The part of `x` at an index, to be read or, in a copy, changed.
 *
 * @example
 * np.zeros([3]).at(1).set(5); // [0, 5, 0]
 * np.zeros([3]).at(np.array([0n, 0n])).add(1); // [2, 0, 0]
 * @throws ShapeError for an index out of range; ConcretizationError for a traced mask
 */
export function at(x: NDArray, entries: readonly IndexEntry[]): Place {
  const choices = choicesOf(x, entries, 'x.at');
  const change =
    (scatter: typeof lax.scatter, method: string) =>
    (values: ArrayLike, options: SetOptions = {}): NDArray =>
      changed(x, choices, scatter, values, options, `x.at(…).${method}`);
  return {
    get: (options) => part(x, choices, options, 'x.at(…).get'),
    set: change(lax.scatter, 'set'),
    add: change(lax.scatterAdd, 'add'),
    mul: change(lax.scatterMul, 'mul'),
    min: change(lax.scatterMin, 'min'),
    max: change(lax.scatterMax, 'max'),
  };
}

/**
 * The part of `x` at an index: numbers, ranges `[start, stop, step]`, null, `'...'` and arrays, one per axis.
 *
 * @example
 * np.arange(10).slice([2, 8, 3]); // [2, 5]
 */
export const slice = (x: NDArray, entries: readonly IndexEntry[]): NDArray =>
  part(x, choicesOf(x, entries, 'x.slice'), {}, 'x.slice');

function part(x: NDArray, choices: readonly AxisChoice[], options: GetOptions = {}, name: string): NDArray {
  checkOptions(options, ['mode', 'fillValue'], name);
  const mode: string = options.mode ?? 'clip';
  if (mode !== 'clip' && mode !== 'fill') throw new ArgumentError(`${name}: mode must be clip or fill, got '${mode}'`);
  if (!hasPoints(choices)) return basic(x, choices);
  const layout = layoutOf(x, choices, name);
  if (sizeOf(layout.shape) === 0) return lax.zerosLike({ shape: layout.withNew, dtype: x.dtype });
  const chosen = lax.gather(
    x,
    layout.indices,
    {
      offset_dims: layout.windows,
      collapsed_slice_dims: layout.indexed,
      start_index_map: layout.indexed,
      operand_batching_dims: [],
      start_indices_batching_dims: [],
    },
    x.shape.map((n, d) => (layout.indexed.includes(d) ? 1 : n)),
    { mode, fillValue: options.fillValue ?? null },
  );
  return lax.reshape(chosen, layout.withNew);
}

/** Numbers, ranges and new axes alone: a slice, turned round where the step is negative. */
function basic(x: NDArray, choices: readonly AxisChoice[]): NDArray {
  const own = choices.filter((c) => c.kind !== 'new');
  const bounds = own.map((c, d): readonly [from: number, to: number, step: number] => {
    if (c.kind === 'position') return [c.at, c.at + 1, 1];
    if (c.kind !== 'range' || c.count === 0) return [0, c.kind === 'range' ? 0 : x.shape[d]!, 1];
    const last = c.start + (c.count - 1) * c.step;
    return [Math.min(c.start, last), Math.max(c.start, last) + 1, Math.abs(c.step)];
  });
  const cut = lax.slice(x, bounds.map((b) => b[0]), bounds.map((b) => b[1]), bounds.map((b) => b[2])); // prettier-ignore
  const turned = lax.rev(cut, own.flatMap((c, d) => (c.kind === 'range' && c.step < 0 ? [d] : []))); // prettier-ignore
  const shape = choices.flatMap((c) => (c.kind === 'new' ? [1] : c.kind === 'position' ? [] : [turned.shape[c.axis]!]));
  return lax.reshape(turned, shape);
}

function changed(
  x: NDArray,
  choices: readonly AxisChoice[],
  scatter: typeof lax.scatter,
  values: ArrayLike,
  options: SetOptions,
  name: string,
): NDArray {
  checkOptions(options, ['mode'], name);
  const mode: string = options.mode ?? 'drop';
  if (mode !== 'drop' && mode !== 'clip') throw new ArgumentError(`${name}: mode must be drop or clip, got '${mode}'`);
  const layout = layoutOf(x, choices, name);
  const updates = broadcastShape(inDtypeOf(x, values, name), layout.withNew, name);
  if (sizeOf(layout.shape) === 0) return x;
  return scatter(
    x,
    layout.indices,
    lax.reshape(updates, layout.shape),
    {
      update_window_dims: layout.windows,
      inserted_window_dims: layout.indexed,
      scatter_dims_to_operand_dims: layout.indexed,
      operand_batching_dims: [],
      scatter_indices_batching_dims: [],
    },
    { mode: mode === 'drop' ? 'fill' : 'clip' },
  );
}

/** What is written takes the dtype of the array. @throws DTypeError if that would lose something */
function inDtypeOf(x: NDArray, values: ArrayLike, name: string): NDArray {
  if (!(values instanceof NDArray)) return scalar(values, x.dtype, name);
  if (promote([x.aval, values.aval]).dtype !== x.dtype) {
    throw new DTypeError(
      `${name}: ${values.dtype} values do not fit an array of ${x.dtype}; convert one: .astype('${x.dtype}')`,
    );
  }
  return lax.convertElementType(values, x.dtype);
}
