/**
 * Primitives that arrange elements anew: broadcast_in_dim, reshape, squeeze, transpose, rev and iota
 * (spec/primitives/shape.md); slice, pad and concatenate stand in joining.ts, split in
 * splitting.ts.
 */
import { ANY, type DType, NUMBERS } from '../core/dtypes.ts';
import { buildElements, elementFrom, type Shape, sizeOf, stridesOf } from '../core/host.ts';
import { definePrimitive, operandAval } from '../core/primitive.ts';
import {
  AXIS,
  checkAxes,
  checkAxis,
  checkDistinct,
  checkIncreasing,
  checkSizes,
  inFront,
  inverse,
  NATURALS,
  range,
  remaining,
  shifted,
  show,
} from './axes.ts';
import { call, choices, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import { permuted, reversed, strided } from './layout.ts';

export { concatenate, pad, slice } from './joining.ts';
export { split } from './splitting.ts';

export interface BroadcastInDimParams {
  readonly shape: Shape;
  readonly broadcast_dimensions: Shape;
}

export const broadcastInDim: Defined<'broadcast_in_dim', BroadcastInDimParams, 'C1' | 'C2' | 'C3' | 'C4' | 'C5'> =
  definePrimitive({
    name: 'broadcast_in_dim',
    spec: 'spec/primitives/shape.md#broadcast_in_dim',
    operands: [{ name: 'operand', dtypes: ANY }],
    params: { shape: NATURALS, broadcast_dimensions: NATURALS },
    dtypes: ANY,
    constraints: {
      C1: (_, p) => checkSizes('shape', p.shape),
      C2: ([x], p) =>
        p.broadcast_dimensions.length === x!.shape.length ||
        `broadcast_dimensions must name one axis of the result per operand axis: ${x!.shape.length}, got ${show(p.broadcast_dimensions)}`,
      C3: (_, p) => checkAxes('broadcast_dimensions', p.broadcast_dimensions, p.shape.length),
      C4: (_, p) => checkIncreasing('broadcast_dimensions', p.broadcast_dimensions),
      C5: ([x], p) =>
        x!.shape.every((n, d) => n === 1 || n === p.shape[p.broadcast_dimensions[d]!]) ||
        `an operand axis must be 1 or as long as its result axis, got ${show(x!.shape)} into axes ${show(p.broadcast_dimensions)} of ${show(p.shape)}`,
    },
    infer: ([x], p) => [{ ...x!, shape: p.shape }],
    evaluate([x], p) {
      const from = stridesOf(x!.shape);
      const strides = new Array<number>(p.shape.length).fill(0);
      p.broadcast_dimensions.forEach((to, d) => (strides[to] = x!.shape[d] === 1 ? 0 : from[d]!));
      return [strided(x!, p.shape, strides)];
    },
    differentiate: {
      active: inexact,
      jvp: 'linear',
      transpose(lax, [ct], [x], p) {
        const { shape } = operandAval(x!);
        const kept = p.broadcast_dimensions.filter((_, d) => shape[d] !== 1);
        return [along(ct, (t) => lax.reshape(lax.reduceSum(t, remaining(p.shape.length, kept)), shape))];
      },
    },
    batch(lax, [x], [at], axis, p) {
      const dims = [0, ...shifted(p.broadcast_dimensions)];
      return inFront(lax.broadcastInDim(lax.moveAxis(x!, at!, 0), [axis.size, ...p.shape], dims));
    },
    bound: 'moves',
    accuracy: exact,
    cases(gen) {
      const { fc } = gen;
      const extra = fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 3 })), { maxLength: 2 });
      return fc
        .tuple(gen.shape(), extra, fc.constantFrom(1, 2, 3))
        .map(([shape, inserted, stretch]) => {
          const axes = shape.map((n) => ({ size: n === 1 ? stretch : n, operand: true }));
          for (const [at, size] of inserted) axes.splice(at % (axes.length + 1), 0, { size, operand: false });
          return {
            shape,
            params: {
              shape: axes.map((a) => a.size),
              broadcast_dimensions: range(axes.length).filter((d) => axes[d]!.operand),
            },
          };
        })
        .chain(({ shape, params }) => call(gen, [[gen.dtype, shape]], params));
    },
    breaks: {
      C1: (gen) => call(gen, [[gen.dtype, []]], { shape: [2, -1], broadcast_dimensions: [] }),
      C2: (gen) =>
        smallShape(gen, 1).chain((shape) =>
          call(gen, [[gen.dtype, shape]], { shape, broadcast_dimensions: range(shape.length - 1) }),
        ),
      C3: (gen) =>
        smallShape(gen, 1).chain((shape) =>
          call(gen, [[gen.dtype, shape]], { shape, broadcast_dimensions: shifted(range(shape.length)) }),
        ),
      C4: (gen) =>
        smallShape(gen, 2).chain((shape) =>
          call(gen, [[gen.dtype, shape]], { shape, broadcast_dimensions: shape.map(() => 0) }),
        ),
      C5: (gen) =>
        smallShape(gen, 1).chain((shape) =>
          call(gen, [[gen.dtype, shape.map((n) => n + 1)]], { shape, broadcast_dimensions: range(shape.length) }),
        ),
    },
  });

export interface ReshapeParams {
  readonly new_sizes: Shape;
}

export const reshape: Defined<'reshape', ReshapeParams, 'C1' | 'C2'> = definePrimitive({
  name: 'reshape',
  spec: 'spec/primitives/shape.md#reshape',
  operands: [{ name: 'operand', dtypes: ANY }],
  params: { new_sizes: NATURALS },
  dtypes: ANY,
  constraints: {
    C1: (_, p) => checkSizes('new_sizes', p.new_sizes),
    C2: ([x], p) =>
      sizeOf(x!.shape) === sizeOf(p.new_sizes) ||
      `new_sizes must hold as many elements as the operand: ${sizeOf(x!.shape)}, got ${show(p.new_sizes)}`,
  },
  infer: ([x], p) => [{ ...x!, shape: p.new_sizes }],
  evaluate: ([x], p) => [{ ...x!, shape: p.new_sizes }],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], [x]) => [along(ct, (t) => lax.reshape(t, operandAval(x!).shape))],
  },
  batch: (lax, [x], [at], axis, p) => inFront(lax.reshape(lax.moveAxis(x!, at!, 0), [axis.size, ...p.new_sizes])),
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen
      .shape()
      .chain((shape) =>
        choices(gen, (pick) => regrouped(shape, pick)).chain((new_sizes) =>
          call(gen, [[gen.dtype, shape]], { new_sizes }),
        ),
      ),
  breaks: {
    C1: (gen) => call(gen, [[gen.dtype, [2, 3]]], { new_sizes: [-2, -3] }),
    C2: (gen) => smallShape(gen).chain((shape) => call(gen, [[gen.dtype, shape]], { new_sizes: [...shape, 2] })),
  },
});

/** A shape of as many elements: the prime factors of the size dealt out to up to three axes. */
function regrouped(shape: Shape, pick: (n: number) => number): number[] {
  const size = sizeOf(shape);
  const sizes = new Array<number>(size === 1 ? pick(4) : 1 + pick(3)).fill(1);
  if (size === 0) return sizes.with(pick(sizes.length), 0);
  let rest = size;
  for (let factor = 2; rest > 1; factor++) {
    for (; rest % factor === 0; rest /= factor) sizes[pick(sizes.length)]! *= factor;
  }
  return sizes;
}

export interface SqueezeParams {
  readonly dimensions: Shape;
}

export const squeeze: Defined<'squeeze', SqueezeParams, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'squeeze',
  spec: 'spec/primitives/shape.md#squeeze',
  operands: [{ name: 'operand', dtypes: ANY }],
  params: { dimensions: NATURALS },
  dtypes: ANY,
  constraints: {
    C1: ([x], p) => checkAxes('dimensions', p.dimensions, x!.shape.length),
    C2: (_, p) => checkIncreasing('dimensions', p.dimensions),
    C3: ([x], p) =>
      p.dimensions.every((d) => x!.shape[d] === 1) ||
      `every one of dimensions must have size 1, got ${show(p.dimensions)} of ${show(x!.shape)}`,
  },
  infer: ([x], p) => [{ ...x!, shape: remaining(x!.shape.length, p.dimensions).map((d) => x!.shape[d]!) }],
  evaluate: ([x], p) => [{ ...x!, shape: x!.shape.filter((_, d) => !p.dimensions.includes(d)) }],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], [x]) => [along(ct, (t) => lax.reshape(t, operandAval(x!).shape))],
  },
  batch: (lax, [x], [at], _, p) => inFront(lax.squeeze(lax.moveAxis(x!, at!, 0), shifted(p.dimensions))),
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(gen.shape({ maxRank: 2 }), gen.fc.array(gen.fc.nat(3), { maxLength: 2 }))
      .map(([shape, ones]) => ones.reduce((s, at) => s.toSpliced(at % (s.length + 1), 0, 1), shape))
      .chain((shape) =>
        gen.fc
          .subarray(range(shape.length).filter((d) => shape[d] === 1))
          .chain((dimensions) => call(gen, [[gen.dtype, shape]], { dimensions })),
      ),
  breaks: {
    C1: (gen) => smallShape(gen).chain((shape) => call(gen, [[gen.dtype, shape]], { dimensions: [shape.length] })),
    C2: (gen) => smallShape(gen).chain((shape) => call(gen, [[gen.dtype, [1, ...shape]]], { dimensions: [0, 0] })),
    C3: (gen) => smallShape(gen).chain((shape) => call(gen, [[gen.dtype, [2, ...shape]]], { dimensions: [0] })),
  },
});

export interface TransposeParams {
  readonly permutation: Shape;
}

export const transpose: Defined<'transpose', TransposeParams, 'C1'> = definePrimitive({
  name: 'transpose',
  spec: 'spec/primitives/shape.md#transpose',
  operands: [{ name: 'operand', dtypes: ANY }],
  params: { permutation: NATURALS },
  dtypes: ANY,
  constraints: {
    C1: ([x], p) =>
      (p.permutation.length === x!.shape.length && range(x!.shape.length).every((d) => p.permutation.includes(d))) ||
      `permutation must hold each axis in [0, ${x!.shape.length}) once, got ${show(p.permutation)}`,
  },
  infer: ([x], p) => [{ ...x!, shape: p.permutation.map((d) => x!.shape[d]!) }],
  evaluate: ([x], p) => [permuted(x!, p.permutation)],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.transpose(t, inverse(p.permutation)))],
  },
  batch: (lax, [x], [at], _, p) => inFront(lax.transpose(lax.moveAxis(x!, at!, 0), [0, ...shifted(p.permutation)])),
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen
      .shape({ maxRank: 4 })
      .chain((shape) =>
        gen.fc
          .shuffledSubarray(range(shape.length), { minLength: shape.length })
          .chain((permutation) => call(gen, [[gen.dtype, shape]], { permutation })),
      ),
  breaks: {
    C1: (gen) =>
      gen.fc.oneof(
        smallShape(gen, 2).chain((shape) => call(gen, [[gen.dtype, shape]], { permutation: shape.map(() => 0) })),
        smallShape(gen).chain((shape) => call(gen, [[gen.dtype, shape]], { permutation: range(shape.length + 1) })),
      ),
  },
});

export interface RevParams {
  readonly dimensions: Shape;
}

export const rev: Defined<'rev', RevParams, 'C1' | 'C2'> = definePrimitive({
  name: 'rev',
  spec: 'spec/primitives/shape.md#rev',
  operands: [{ name: 'operand', dtypes: ANY }],
  params: { dimensions: NATURALS },
  dtypes: ANY,
  constraints: {
    C1: ([x], p) => checkAxes('dimensions', p.dimensions, x!.shape.length),
    C2: (_, p) => checkDistinct('dimensions', p.dimensions),
  },
  infer: ([x]) => [x!],
  evaluate: ([x], p) => [reversed(x!, p.dimensions)],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.rev(t, p.dimensions))],
  },
  batch: (lax, [x], [at], _, p) => inFront(lax.rev(lax.moveAxis(x!, at!, 0), shifted(p.dimensions))),
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen
      .shape()
      .chain((shape) =>
        gen.fc
          .shuffledSubarray(range(shape.length))
          .chain((dimensions) => call(gen, [[gen.dtype, shape]], { dimensions })),
      ),
  breaks: {
    C1: (gen) => smallShape(gen).chain((shape) => call(gen, [[gen.dtype, shape]], { dimensions: [shape.length] })),
    C2: (gen) => smallShape(gen, 1).chain((shape) => call(gen, [[gen.dtype, shape]], { dimensions: [0, 0] })),
  },
});

export interface IotaParams {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly dimension: number;
}

export const iota: Defined<'iota', IotaParams, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'iota',
  spec: 'spec/primitives/shape.md#iota',
  operands: [],
  params: { dtype: { enum: NUMBERS }, shape: NATURALS, dimension: AXIS },
  dtypes: NUMBERS,
  constraints: {
    C1: (_, p) => NUMBERS.some((d) => d === p.dtype) || `dtype must be one of ${NUMBERS.join(', ')}, got ${p.dtype}`,
    C2: (_, p) => checkSizes('shape', p.shape),
    C3: (_, p) => checkAxis('dimension', p.dimension, p.shape.length),
  },
  infer: (_, p) => [{ shape: p.shape, dtype: p.dtype, weak: false }],
  evaluate(_, { dtype, shape, dimension }) {
    const counted = buildElements(dtype, [shape[dimension]!], (i) => elementFrom(dtype, i));
    return [strided(counted, shape, shape.map((_n, d) => (d === dimension ? 1 : 0)))]; // prettier-ignore
  },
  differentiate: { zero: 'it has no operands' },
  batch: 'elementwise', // never called: no operand can be batched
  bound: 'exact',
  accuracy: exact,
  cases: (gen) =>
    gen
      .shape({ minRank: 1 })
      .chain((shape) =>
        gen.fc.nat(shape.length - 1).map((dimension) => ({ args: [], params: { dtype: gen.dtype, shape, dimension } })),
      ),
  breaks: {
    C1: (gen) =>
      smallShape(gen, 1).map((shape) => ({ args: [], params: { dtype: 'bool' as const, shape, dimension: 0 } })),
    C2: (gen) => gen.fc.constant({ args: [], params: { dtype: gen.dtype, shape: [2, -1], dimension: 0 } }),
    C3: (gen) =>
      smallShape(gen).map((shape) => ({ args: [], params: { dtype: gen.dtype, shape, dimension: shape.length } })),
  },
});
