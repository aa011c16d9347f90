/** dot_general: as tiles, or, where the result has few rows or columns, as a reduction of products. */
import type { DType } from '../../reference/core/dtypes.ts';
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import type { Making } from './compile/making.ts';
import { Computation, layoutOf, type Node, Pointwise, type Result } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';
import { reduce } from './folding.ts';
import { accumulator, or, sum, times } from './monoids.ts';
import { converted, type Factor, type Product, SMALL } from './product.ts';
import { Runs } from './runs.ts';
import { viewed } from './shape.ts';
import { multiplyOn } from './tiles.ts';

/** Fewer rows or columns than this share little that a tile could keep. */
const FEWEST_LINES = 4;
/** The axes of an operand by what they do. */
interface Axes {
  readonly batch: Shape;
  readonly free: Shape;
  readonly depth: Shape;
}

interface Operand {
  readonly x: Node;
  readonly axes: Axes;
}

const operandOf = (x: Node, batch: Shape, depth: Shape): Operand => {
  const free = x.type.shape.flatMap((_, d) => (batch.includes(d) || depth.includes(d) ? [] : [d]));
  return asStored({ x, axes: { batch, free, depth } });
};

/** Of a transposed operand what was transposed: it is read in whatever order its axes have. */
function asStored(operand: Operand): Operand {
  const { x, axes } = operand;
  if (x.kind !== 'indexed' || x.axes === null) return operand;
  const [to, of] = [x.axes, x.operands[0]!];
  if (to.length !== x.type.shape.length || sizeOf(of.type.shape) !== sizeOf(x.type.shape)) return operand;
  const from = (group: Shape): Shape => group.map((d) => to.indexOf(d));
  return asStored({ x: of, axes: { batch: from(axes.batch), free: from(axes.free), depth: from(axes.depth) } });
}

const sizes = ({ x }: Operand, axes: Shape): Shape => axes.map((d) => x.type.shape[d]!);

// ---- as tiles

/** An operand as lines along the depth. */
function factorOf({ x, axes }: Operand, dtype: DType): Factor {
  const { shape } = x.type;
  const last = shape.length - 1;
  const byFour = shape[last]! % 4 === 0 && registerOf(dtype) !== 'vec2f';
  const ends = (group: Shape): boolean => group.at(-1) === last;
  const fours = !byFour ? null : ends(axes.depth) ? 'depth' : ends(axes.free) ? 'lines' : null;
  const inFours = shape.map((n, d) => (d === last ? n / 4 : n));
  /** The element, or the four, at a place of each group of axes; what does not depend on the depth is computed once. */
  const reader = (k: Builder, of: Shape, batch: Code, at: Code): ((c: Code) => Code) => {
    const dims: Code[] = shape.map(() => '0u');
    const put = (group: Shape, position: Code): void => {
      const own = Index.flat(
        group.map((d) => of[d]!),
        position,
      );
      own.dims(k).forEach((code, i) => (dims[group[i]!] = code));
    };
    put(axes.batch, batch);
    put(axes.free, at);
    return (c) => {
      put(axes.depth, c);
      return converted(k, k.element(x, Index.flat(shape, Index.of(of, dims).flat(k))), x.type.dtype, dtype);
    };
  };
  return {
    fours,
    line(k, batch, at) {
      const four = fours === 'depth' ? reader(k, inFours, batch, at) : null;
      return { one: reader(k, shape, batch, at), four: (c) => k.inLanes(4, () => four!(c)) };
    },
    lines: (k, batch, at) => {
      const four = reader(k, inFours, batch, at);
      return (c) => k.inLanes(4, () => four(c));
    },
  };
}

function tiled(making: Making, [lhs, rhs]: readonly [Operand, Operand], result: Result): void {
  const dtype = accumulator(result.type.dtype);
  const product: Product = {
    batch: sizeOf(sizes(lhs, lhs.axes.batch)),
    rows: sizeOf(sizes(lhs, lhs.axes.free)),
    columns: sizeOf(sizes(rhs, rhs.axes.free)),
    depth: sizeOf(sizes(lhs, lhs.axes.depth)),
    left: factorOf(lhs, dtype),
    right: factorOf(rhs, dtype),
    place: null,
  };
  multiplyOn(making, product, result);
}

// ---- as a reduction

type Group = 'batch' | 'rows' | 'columns' | 'depth';

/**
 * The products as one array, the depth last or before the lines of the larger operand: as that one has it. A CPU gains by
 * what many lines have in common, even if it is but a vector.
 */
function summed([lhs, rhs]: readonly [Operand, Operand], type: Type): Node {
  const dtype = accumulator(type.dtype);
  const groups: Readonly<Record<Group, Shape>> = {
    batch: sizes(lhs, lhs.axes.batch),
    rows: sizes(lhs, lhs.axes.free),
    columns: sizes(rhs, rhs.axes.free),
    depth: sizes(lhs, lhs.axes.depth),
  };
  const leader = sizeOf(groups.rows) > sizeOf(groups.columns) ? lhs : rhs;
  const isLast = leader.axes.depth.at(-1) === leader.x.type.shape.length - 1;
  const inner: readonly Group[] = leader === lhs ? ['depth', 'rows', 'columns'] : ['rows', 'depth', 'columns'];
  const order: readonly Group[] = ['batch', ...(isLast ? (['rows', 'columns', 'depth'] as const) : inner)];
  const axesOf = (name: Group): Shape => {
    const start = order.slice(0, order.indexOf(name)).reduce((n, other) => n + groups[other].length, 0);
    return groups[name].map((_, i) => start + i);
  };
  const shape = order.flatMap((name) => groups[name]);
  const seen = ({ x, axes }: Operand, free: Group): Node => {
    const to: number[] = [];
    axes.batch.forEach((d, i) => (to[d] = axesOf('batch')[i]!));
    axes.depth.forEach((d, i) => (to[d] = axesOf('depth')[i]!));
    axes.free.forEach((d, i) => (to[d] = axesOf(free)[i]!));
    return viewed(x, shape, to);
  };
  const factors = [seen(lhs, 'rows'), seen(rhs, 'columns')];
  const products = new Pointwise({ shape, dtype }, factors, 1, (k, xs) => {
    const [x, y] = xs.map((code, i) => converted(k, code, factors[i]!.type.dtype, dtype));
    return dtype === 'bool' ? `(${x} & ${y})` : `(${times(k, x!, y!, dtype)})`;
  });
  return new Computation({
    name: 'dot_general',
    operands: [products],
    results: [type],
    pulled: [products],
    finishes: true,
    make: (making, { results: [result] }) => {
      const isStored = [lhs, rhs].every(({ x }) => making.buffers.of(layoutOf(x)) !== null);
      const lines = sizeOf(sizes(leader, leader.axes.free));
      if (making.target.cpu && isStored && lines >= FEWEST_LINES && sizeOf(shape) >= SMALL) {
        tiled(making, [lhs, rhs], result!);
        return;
      }
      const runs = new Runs(products, axesOf('depth'), making.byFour([products]));
      reduce(making, runs, dtype === 'bool' ? or(dtype) : sum(type.dtype), result!);
    },
  }).results[0]!;
}

const dotGeneral: Lowerer<ParamsOf<'dot_general'>> = (_, [lhs, rhs], { dimension_numbers }, [result]) => {
  const [[lhsDepth, rhsDepth], [lhsBatch, rhsBatch]] = dimension_numbers;
  const operands = [operandOf(lhs!, lhsBatch, lhsDepth), operandOf(rhs!, rhsBatch, rhsDepth)] as const;
  const fewest = Math.min(...operands.map((own) => sizeOf(sizes(own, own.axes.free))));
  if (fewest < FEWEST_LINES || sizeOf(sizes(operands[0], lhsDepth)) === 0) return [summed(operands, result!)];
  return new Computation({
    name: 'dot_general',
    operands: operands.map(({ x }) => x),
    results: [result!],
    finishes: true,
    make: (making, { results: [own] }) => tiled(making, operands, own!),
  }).results;
};

export const contraction: Part<'dot_general'> = { dot_general: dotGeneral };
