/**
 * conv_general_dilated as products of filters with windows, which are never written down: a window's element is found, or
 * is a zero of the padding or of a hole, where it is asked for.
 */
import { type DType, isComplex } from '../../reference/core/dtypes.ts';
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import { dilatedSize, positionsOf } from '../../reference/primitives/convolution-shapes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, divideIndex, Index, timesIndex } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation, type Node } from './compile/node.ts';
import { registerOf } from './compile/types.ts';
import { accumulator } from './monoids.ts';
import { converted, type Factor, type Product } from './product.ts';
import { multiplyOn } from './tiles.ts';

type Params = ParamsOf<'conv_general_dilated'>;

/** Sizes and axes of a convolution, operands and result in the order of their specs. */
class Convolution {
  readonly lhs: Node;
  readonly rhs: Node;
  readonly params: Params;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly groups: number;
  /** Examples of the result, filters of a group, features of a filter. */
  readonly batch: number;
  readonly filters: number;
  readonly features: number;
  readonly space: Shape;
  readonly window: Shape;
  readonly positions: Shape;
  /** Whether the features of an element of `lhs` stand next to each other; they then come last in the depth as well. */
  readonly featuresLast: boolean;

  constructor(lhs: Node, rhs: Node, params: Params, shape: Shape, dtype: DType) {
    const { lhs_spec, rhs_spec } = params.dimension_numbers;
    const of = (x: Node, axes: Shape): number[] => axes.map((d) => x.type.shape[d]!);
    const [examples, , ...space] = of(lhs, lhs_spec);
    const [filters, features, ...window] = of(rhs, rhs_spec);
    this.lhs = lhs;
    this.rhs = rhs;
    this.params = params;
    this.shape = shape;
    this.dtype = accumulator(dtype);
    this.groups = params.feature_group_count * params.batch_group_count;
    this.batch = examples! / params.batch_group_count;
    this.filters = filters! / this.groups;
    this.features = features!;
    this.space = space;
    this.window = window;
    this.positions = positionsOf(space, window, params);
    this.featuresLast = lhs_spec[1] === lhs_spec.length - 1;
  }

  get depth(): number {
    return this.features * sizeOf(this.window);
  }

  /** The feature and the place in the window of a position of the depth; with fours, of features if these come last. */
  depthAt(k: Builder, c: Code, inFours: boolean): readonly [feature: Code, window: readonly Code[]] {
    const [features, window] = [this.features, this.window];
    const last = (sizes: Shape): Shape => (inFours ? sizes.with(-1, sizes.at(-1)! / 4) : sizes);
    if (this.featuresLast) {
      const at = Index.flat(last([...window, features]), c).dims(k);
      return [at.at(-1)!, at.slice(0, -1)];
    }
    const [feature, ...at] = Index.flat(last([features, ...window]), c).dims(k);
    return [feature!, at];
  }

  // ---- the factors

  /** Filters: lines are those of a group. */
  filterFactor(groupOf: (k: Builder, batch: Code) => Code): Factor {
    const { rhs, dtype, filters } = this;
    const { shape } = rhs.type;
    const [ofFilter, ofFeature, ...ofWindow] = this.params.dimension_numbers.rhs_spec as [number, number, ...number[]];
    const last = shape.length - 1;
    const innermost = this.featuresLast ? ofFeature : (ofWindow.at(-1) ?? ofFeature);
    const isReal = !isComplex(dtype);
    const fours =
      isReal && innermost === last && shape[last]! % 4 === 0
        ? 'depth'
        : isReal && ofFilter === last && filters % 4 === 0
          ? 'lines'
          : null;
    const quarter = shape.map((n, d) => (d === last ? n / 4 : n));
    const read = (k: Builder, of: Shape, filter: Code, [feature, window]: ReturnType<Convolution['depthAt']>): Code => {
      const dims: Code[] = [];
      [dims[ofFilter], dims[ofFeature]] = [filter, feature];
      ofWindow.forEach((d, i) => (dims[d] = window[i]!));
      return converted(k, k.element(rhs, Index.flat(shape, Index.of(of, dims).flat(k))), rhs.type.dtype, dtype);
    };
    const filterAt = (k: Builder, batch: Code, at: Code, perGroup: number): Code =>
      k.let('u32', addIndex(timesIndex(groupOf(k, batch), perGroup), at));
    return {
      fours,
      line: (k, batch, at) => {
        const filter = filterAt(k, batch, at, filters);
        return {
          one: (c) => read(k, shape, filter, this.depthAt(k, c, false)),
          four: (c) => k.inLanes(4, () => read(k, quarter, filter, this.depthAt(k, c, true))),
        };
      },
      lines: (k, batch, at) => {
        const filter = filterAt(k, batch, at, filters / 4);
        return (c) => k.inLanes(4, () => read(k, quarter, filter, this.depthAt(k, c, false)));
      },
    };
  }

  /** Windows: `locate` says which one a line is. */
  windowFactor(
    locate: (k: Builder, batch: Code, at: Code) => { group: Code; example: Code; position: readonly Code[] },
  ): Factor {
    const { lhs, dtype, features } = this;
    const { shape } = lhs.type;
    const { window_strides, padding, rhs_dilation, lhs_dilation, dimension_numbers, batch_group_count } = this.params;
    const [ofExample, ofFeature, ...ofSpace] = dimension_numbers.lhs_spec as [number, number, ...number[]];
    const byFour = this.featuresLast && features % 4 === 0 && !isComplex(dtype);
    const quarter = shape.map((n, d) => (d === ofFeature ? n / 4 : n));
    const line = (k: Builder, batch: Code, at: Code, of: Shape, inFours: boolean): ((c: Code) => Code) => {
      const { group, example, position } = locate(k, batch, at);
      const byBatch = batch_group_count > 1;
      const first = k.let('u32', byBatch ? addIndex(timesIndex(group, this.batch), example) : example);
      const firstFeature = byBatch ? '0u' : k.let('u32', timesIndex(group, inFours ? features / 4 : features));
      // What is low of the array wraps to far above it.
      const starts = position.map((p, d) => {
        const low = padding[d]![0];
        return k.let('u32', `${timesIndex(p, window_strides[d]!)} ${low < 0 ? '+' : '-'} ${Math.abs(low)}u`);
      });
      return (c) => {
        const [feature, window] = this.depthAt(k, c, inFours);
        const dims: Code[] = [];
        [dims[ofExample], dims[ofFeature]] = [first, k.let('u32', addIndex(firstFeature, feature))];
        const conditions = ofSpace.map((axis, d) => {
          const [n, apart] = [shape[axis]!, lhs_dilation[d]!];
          const place = k.let('u32', addIndex(starts[d]!, timesIndex(window[d]!, rhs_dilation[d]!)));
          dims[axis] = apart === 1 ? place : k.let('u32', divideIndex(place, apart));
          // Not &&: dozens of branches are more than some compilers can take.
          const inside = `(${place} < ${dilatedSize(n, apart)}u)`;
          return apart === 1 ? inside : `${inside} & (${timesIndex(dims[axis], apart)} == ${place})`;
        });
        const own = converted(k, k.element(lhs, Index.flat(shape, Index.of(of, dims).flat(k))), lhs.type.dtype, dtype);
        if (conditions.length === 0) return own;
        const isInside = k.let('bool', conditions.join(' & '));
        return k.value(registerOf(dtype), `select(${k.constant(dtype, 0)}, ${own}, ${isInside})`);
      };
    };
    return {
      fours: byFour ? 'depth' : null,
      line: (k, batch, at) => {
        const one = line(k, batch, at, shape, false);
        const four = byFour ? line(k, batch, at, quarter, true) : null;
        return { one, four: (c) => k.inLanes(4, () => four!(c)) };
      },
      lines: () => {
        throw new Error('windows next to each other are not next to each other in memory');
      },
    };
  }

  // ---- the product

  /** Filters are the columns where the result has its features last, else the rows. */
  product(): Product {
    const { out_spec } = this.params.dimension_numbers;
    return out_spec[1] === out_spec.length - 1 ? this.#filtersAcross() : this.#filtersDown();
  }

  #filtersAcross(): Product {
    const { batch, positions, filters, groups, depth } = this;
    const sizes = [batch, ...positions];
    const isPlain = groups === 1 && this.#isOrdered([0, ...positions.map((_, d) => 2 + d), 1]);
    return {
      ...{ batch: groups, rows: sizeOf(sizes), columns: filters, depth },
      left: this.windowFactor((k, group, at) => {
        const [example, ...position] = Index.flat(sizes, at).dims(k);
        return { group, example: example!, position };
      }),
      right: this.filterFactor((_, group) => group),
      place: isPlain
        ? null
        : (k, group, row, column) => {
            const [example, ...position] = Index.flat(sizes, row).dims(k);
            return this.#place(k, example!, group, column, position);
          },
    };
  }

  #filtersDown(): Product {
    const { batch, positions, filters, groups, depth } = this;
    const split = (k: Builder, at: Code): readonly Code[] => Index.flat([batch, groups], at).dims(k);
    return {
      ...{ batch: batch * groups, rows: filters, columns: sizeOf(positions), depth },
      left: this.filterFactor((k, at) => split(k, at)[1]!),
      right: this.windowFactor((k, both, at) => {
        const [example, group] = split(k, both);
        return { group: group!, example: example!, position: Index.flat(positions, at).dims(k) };
      }),
      place: this.#isOrdered([0, 1, ...positions.map((_, d) => 2 + d)])
        ? null
        : (k, both, row, column) => {
            const [example, group] = split(k, both);
            return this.#place(k, example!, group!, row, Index.flat(positions, column).dims(k));
          },
    };
  }

  /** Whether the result has examples (0), features (1) and space (2 …) in this order. */
  #isOrdered(order: Shape): boolean {
    const { out_spec } = this.params.dimension_numbers;
    return order.every((what, d) => out_spec[what] === d);
  }

  #place(k: Builder, example: Code, group: Code, filter: Code, position: readonly Code[]): Code {
    const dims: Code[] = [];
    const feature = k.let('u32', addIndex(timesIndex(group, this.filters), filter));
    [example, feature, ...position].forEach((at, i) => (dims[this.params.dimension_numbers.out_spec[i]!] = at));
    return Index.of(this.shape, dims).flat(k);
  }
}

const convGeneralDilated: Lowerer<Params> = (_, [lhs, rhs], params, [result]) =>
  new Computation({
    name: 'conv_general_dilated',
    operands: [lhs!, rhs!],
    results: [result!],
    finishes: true,
    make(making, { results: [own] }) {
      const { shape, dtype } = result!;
      multiplyOn(making, new Convolution(lhs!, rhs!, params, shape, dtype).product(), own!);
    },
  }).results;

export const convolution: Part<'conv_general_dilated'> = { conv_general_dilated: convGeneralDilated };
