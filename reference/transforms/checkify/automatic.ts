/** The checks that `checkify` adds: of NaNs, of divisions by zero and of indices, by equation. */
import { ConcreteArray } from '../../core/array.ts';
import { integerLimits, isInexact } from '../../core/dtypes.ts';
import { hostArray, showAval, type Shape } from '../../core/host.ts';
import type { NDArray } from '../../core/ndarray.ts';
import type { AnyFirstOrder, Params } from '../../core/primitive.ts';
import type { Lax } from '../../core/rules.ts';
import { type ScatterParams, gatherDims, windowSizes } from '../../primitives/scatter-windows.ts';
import { type Category, laneAt } from '../../primitives/higher-order/check.ts';
import { range } from '../../primitives/axes.ts';
import type { ParamsOf, PrimitiveName } from '../../primitives/index.ts';

/** A condition that makes an equation fail. */
export interface Finding {
  readonly category: Category;
  readonly message: string;
  /** A bool scalar. */
  readonly failed: NDArray;
  readonly values: readonly NDArray[];
}

/** An equation of first order that has been computed. */
interface Computed {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly NDArray[];
  readonly params: Params;
  readonly results: readonly NDArray[];
}

/** What the categories ask of an equation: a zero divisor and a bad index come before the NaN that they make. */
export const findings = (lax: Lax, equation: Computed, categories: ReadonlySet<Category>): Finding[] => [
  ...(categories.has('div') ? division(lax, equation) : []),
  ...(categories.has('index') ? indices(lax, equation) : []),
  ...(categories.has('nan') ? nan(lax, equation) : []),
];

const any = (lax: Lax, x: NDArray): NDArray => lax.reduceOr(x, range(x.ndim));

function division(lax: Lax, { primitive, operands }: Computed): Finding[] {
  if (primitive.name !== 'div' && primitive.name !== 'rem') return [];
  const failed = any(lax, lax.eq(operands[1]!, 0));
  return [{ category: 'div', message: `division by zero: ${primitive.name}`, failed, values: [] }];
}

// ---- NaN

const nansIn = (lax: Lax, x: NDArray): NDArray => lax.ne(x, x);

/**
 * An equation makes a NaN if it has one in a result and none in the operands; where elements meet one by one, if a
 * result's element is NaN and those that it comes from are not.
 */
function nan(lax: Lax, { primitive, operands, results }: Computed): Finding[] {
  const inexact = (xs: readonly NDArray[]): NDArray[] => xs.filter((x) => isInexact(x.dtype));
  const out = inexact(results);
  if (out.length === 0 || primitive.bound === 'moves') return [];
  const one = primitive.batch === 'elementwise';
  const either = (xs: readonly NDArray[]): NDArray =>
    xs.map((x) => (one ? nansIn(lax, x) : any(lax, nansIn(lax, x)))).reduce((a, b) => lax.bitwiseOr(a, b));
  const before = inexact(operands);
  const made = before.length === 0 ? either(out) : lax.bitwiseAnd(either(out), lax.bitwiseNot(either(before)));
  return [{ category: 'nan', message: `${primitive.name} made a NaN`, failed: any(lax, made), values: [] }];
}

// ---- indices

/** Windows in an operand: where they start, as vectors along the last axis, and their sizes on the axes that those name. */
interface Placed {
  readonly starts: NDArray;
  readonly axes: Shape;
  readonly sizes: Shape;
}

const PLACED: {
  readonly [N in PrimitiveName]?: (lax: Lax, operands: readonly NDArray[], params: ParamsOf<N>) => Placed;
} = {
  gather: (_, [, starts], { dimension_numbers, slice_sizes }) => ({
    starts: starts!,
    axes: dimension_numbers.start_index_map,
    sizes: slice_sizes,
  }),
  scatter: scattered,
  scatter_add: scattered,
  scatter_mul: scattered,
  scatter_min: scattered,
  scatter_max: scattered,
  dynamic_slice: (lax, [, ...starts], { slice_sizes }) => startingAt(lax, starts, slice_sizes),
  dynamic_update_slice: (lax, [, update, ...starts]) => startingAt(lax, starts, update!.shape),
};

function scattered(_: Lax, [x, starts, updates]: readonly NDArray[], p: ScatterParams): Placed {
  const { start_index_map: axes } = gatherDims(p.dimension_numbers);
  return { starts: starts!, axes, sizes: windowSizes(x!.shape, updates!.shape, p.dimension_numbers) };
}

function startingAt(lax: Lax, scalars: readonly NDArray[], sizes: Shape): Placed {
  const parts = scalars.map((s) => lax.reshape(s, [1]));
  return { starts: parts.length === 0 ? lax.full([0], 0, 'int32') : lax.concatenate(parts, 0), axes: range(parts.length), sizes }; // prettier-ignore
}

function indices(lax: Lax, { primitive, operands, params }: Computed): Finding[] {
  const place = PLACED[primitive.name as PrimitiveName];
  if (place === undefined) return [];
  const { starts, axes, sizes } = place(lax, operands, params as never);
  if (starts.size === 0) return [];
  const { shape } = operands[0]!;
  const most = Number(integerLimits(starts.dtype).max);
  const last = axes.map((d) => Math.min(shape[d]! - sizes[d]!, most));
  const along = (values: readonly number[]): NDArray =>
    ConcreteArray.fromHost(hostArray('int32', [values.length], values));
  const limits = lax.broadcastInDim(lax.convertElementType(along(last), starts.dtype), starts.shape, [starts.ndim - 1]);
  const wrong = lax.bitwiseOr(lax.lt(starts, 0), lax.gt(starts, limits));
  const inLine = lax.reshape(wrong, [starts.size]);
  const first = lax.argmax(lax.convertElementType(inLine, 'int32'), 0);
  const which = lax.rem(first, axes.length);
  const what = axes.every((d) => sizes[d] === 1) ? 'index {}' : `a window of shape [${sizes.join(', ')}] at {}`;
  return [
    {
      category: 'index',
      message: `${primitive.name}: ${what} is out of bounds for axis {}, of size {}, of ${showAval(operands[0]!.aval)}`,
      failed: any(lax, wrong),
      values: [
        laneAt(lax, lax.reshape(starts, [starts.size]), first),
        laneAt(lax, along(axes), which),
        laneAt(lax, along(axes.map((d) => shape[d]!)), which),
      ],
    },
  ];
}
