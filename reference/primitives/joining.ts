/**
 * Primitives that cut and join: slice, pad and concatenate (spec/primitives/shape.md).
 */
import { ANY, type DType } from '../core/dtypes.ts';
import { allocate, flatten, forEachIndex, mover, type Shape, sizeOf, stridesOf, take } from '../core/host.ts';
import { definePrimitive, type Gen, operandAval } from '../core/primitive.ts';
import { AXIS, checkAxis, inFront, NATURALS, range, show, toFront } from './axes.ts';
import { call, choices, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import { strided } from './layout.ts';

export interface SliceParams {
  readonly start_indices: Shape;
  readonly limit_indices: Shape;
  readonly strides: Shape;
}

const sliceShape = (p: SliceParams): number[] =>
  p.start_indices.map((start, d) => Math.ceil((p.limit_indices[d]! - start) / p.strides[d]!));
const whole = (shape: Shape): SliceParams => ({
  start_indices: shape.map(() => 0),
  limit_indices: shape,
  strides: shape.map(() => 1),
});

export const slice: Defined<'slice', SliceParams, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'slice',
  spec: 'spec/primitives/shape.md#slice',
  operands: [{ name: 'operand', dtypes: ANY }],
  params: {
    start_indices: NATURALS,
    limit_indices: NATURALS,
    strides: { type: 'array', items: { type: 'integer', minimum: 1 } },
  },
  dtypes: ANY,
  constraints: {
    C1: ([x], p) =>
      [p.start_indices, p.limit_indices, p.strides].every((list) => list.length === x!.shape.length) ||
      `start_indices, limit_indices and strides must have one entry per axis: ${x!.shape.length}, got ${show(p.start_indices)}, ${show(p.limit_indices)} and ${show(p.strides)}`,
    C2: ([x], p) =>
      x!.shape.every(
        (n, d) => isWithin(p.start_indices[d]!, 0, p.limit_indices[d]!) && isWithin(p.limit_indices[d]!, 0, n),
      ) ||
      `0 <= start_indices <= limit_indices <= ${show(x!.shape)} must hold, got ${show(p.start_indices)} and ${show(p.limit_indices)}`,
    C3: (_, p) =>
      p.strides.every((s) => isWithin(s, 1, Infinity)) || `strides must be positive integers, got ${show(p.strides)}`,
  },
  infer: ([x], p) => [{ ...x!, shape: sliceShape(p) }],
  evaluate([x], p) {
    const strides = stridesOf(x!.shape);
    return [
      strided(
        x!,
        sliceShape(p),
        strides.map((s, d) => s * p.strides[d]!),
        flatten(p.start_indices, strides),
      ),
    ];
  },
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x], p) {
      const { shape, dtype } = operandAval(x!);
      const config = sliceShape(p).map((n, d): [number, number, number] => {
        const start = p.start_indices[d]!;
        const stride = p.strides[d]!;
        const end = n === 0 ? start : start + (n - 1) * stride + 1;
        return [start, shape[d]! - end, stride - 1];
      });
      return [along(ct, (t) => lax.pad(t, lax.full([], 0, dtype), config))];
    },
  },
  batch(lax, [x], [at], axis, p) {
    const first = lax.moveAxis(x!, at!, 0);
    return inFront(lax.slice(first, [0, ...p.start_indices], [axis.size, ...p.limit_indices], [1, ...p.strides]));
  },
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen.shape().chain((shape) =>
      choices(gen, (pick): SliceParams => {
        const start_indices = shape.map((n) => pick(n + 1));
        return {
          start_indices,
          limit_indices: shape.map((n, d) => n - pick(n - start_indices[d]! + 1)),
          strides: shape.map(() => 1 + pick(3)),
        };
      }).chain((params) => call(gen, [[gen.dtype, shape]], params)),
    ),
  breaks: {
    C1: (gen) => smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { ...whole(s), strides: [] })),
    C2: (gen) =>
      gen.fc.oneof(
        smallShape(gen, 1).chain((s) =>
          call(gen, [[gen.dtype, s]], { ...whole(s), limit_indices: s.map((n) => n + 1) }),
        ),
        smallShape(gen, 1).chain((s) =>
          call(gen, [[gen.dtype, s]], { ...whole(s), start_indices: s.map((n) => n + 1) }),
        ),
        smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { ...whole(s), start_indices: s.map(() => -1) })),
      ),
    C3: (gen) => smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { ...whole(s), strides: s.map(() => 0) })),
  },
});

const isWithin = (n: number, min: number, max: number): boolean => Number.isSafeInteger(n) && n >= min && n <= max;

export interface PadParams {
  readonly padding_config: readonly (readonly [low: number, high: number, interior: number])[];
}

/** The size of an axis with `interior` elements between its elements. */
const dilated = (n: number, interior: number): number => (n === 0 ? 0 : n + (n - 1) * interior);
const paddedShape = (shape: Shape, p: PadParams): number[] =>
  shape.map((n, d) => {
    const [low, high, interior] = p.padding_config[d]!;
    return low + dilated(n, interior) + high;
  });

export const pad: Defined<'pad', PadParams, 'C1' | 'C2' | 'C3' | 'C4' | 'C5'> = definePrimitive({
  name: 'pad',
  spec: 'spec/primitives/shape.md#pad',
  operands: [
    { name: 'operand', dtypes: ANY },
    { name: 'padding_value', dtypes: ANY },
  ],
  params: {
    padding_config: { type: 'array', items: { type: 'array', items: { type: 'integer' }, minItems: 3, maxItems: 3 } },
  },
  dtypes: ANY,
  constraints: {
    C1: ([x, value]) =>
      x!.dtype === value!.dtype || `padding_value must have the operand's dtype ${x!.dtype}, got ${value!.dtype}`,
    C2: ([, value]) => value!.shape.length === 0 || `padding_value must be a scalar, got shape ${show(value!.shape)}`,
    C3: ([x], p) =>
      p.padding_config.length === x!.shape.length ||
      `padding_config must have one entry per axis: ${x!.shape.length}, got ${p.padding_config.length}`,
    C4: (_, p) =>
      p.padding_config.every((entry) => entry.every(Number.isSafeInteger) && entry[2] >= 0) ||
      `padding_config must hold integers, the third of each entry not negative, got ${show(p.padding_config.map(show))}`,
    C5: ([x], p) =>
      paddedShape(x!.shape, p).every((n) => n >= 0) ||
      `no size may become negative, got ${show(paddedShape(x!.shape, p))} from ${show(x!.shape)} by ${show(p.padding_config.map(show))}`,
  },
  infer: ([x], p) => [{ ...x!, shape: paddedShape(x!.shape, p) }],
  evaluate([x, value], p) {
    const shape = paddedShape(x!.shape, p);
    const strides = stridesOf(shape);
    const from = new Int32Array(sizeOf(shape)).fill(-1);
    forEachIndex(x!.shape, (index, flat) => {
      const to = index.map((i, d) => p.padding_config[d]![0] + i * (p.padding_config[d]![2] + 1));
      if (to.every((i, d) => i >= 0 && i < shape[d]!)) from[flatten(to, strides)] = flat;
    });
    return [take(x!, shape, (i) => from[i]!, value)];
  },
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x, value], p) {
      if (!ct) return [null, null];
      const { shape, dtype } = operandAval(x!);
      const zero = lax.full([], 0, dtype);
      /** Where each operand element went: the padding is undone, then the elements between are skipped. */
      const toOperand = (): ReturnType<typeof lax.pad> => {
        const undone = lax.pad(
          ct,
          zero,
          p.padding_config.map(([low, high]) => [-low, -high, 0]),
        );
        return lax.slice(
          undone,
          shape.map(() => 0),
          undone.shape,
          p.padding_config.map(([, , interior]) => interior + 1),
        );
      };
      /** The rest is padding. Selecting it, unlike subtracting what is not, lets no infinity or rounding in. */
      const toValue = (): ReturnType<typeof lax.pad> => {
        const kept = lax.pad(lax.full(shape, true, 'bool'), lax.full([], false, 'bool'), p.padding_config);
        return lax.reduceSum(lax.select(kept, lax.zerosLike(ct), ct), range(ct.ndim));
      };
      return ['linear' in x! ? toOperand() : null, 'linear' in value! ? toValue() : null];
    },
  },
  batch(lax, [x, value], [at, valueAt], axis, p) {
    const operand = toFront(lax, x!, at!, axis);
    const config = [[0, 0, 0] as const, ...p.padding_config];
    if (valueAt === null) return inFront(lax.pad(operand, value!, config));
    // A padding value per lane: pad with zeros, and choose the lane's value where the padding is.
    const padded = lax.pad(operand, lax.full([], operand.dtype === 'bool' ? false : 0, operand.dtype), config);
    const kept = lax.pad(lax.full(operand.shape, true, 'bool'), lax.full([], false, 'bool'), config);
    return inFront(lax.select(kept, padded, lax.broadcastInDim(value!, padded.shape, [0])));
  },
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen.shape().chain((shape) =>
      choices(gen, (pick): PadParams => ({
        padding_config: shape.map((n) => {
          const interior = pick(3);
          const low = pick(5) - 2;
          const least = -(dilated(n, interior) + low);
          return least > 0 ? [low + least, 0, interior] : [low, Math.max(pick(5) - 2, least), interior];
        }),
      })).chain((params) =>
        call(
          gen,
          [
            [gen.dtype, shape],
            [gen.dtype, []],
          ],
          params,
        ),
      ),
    ),
  breaks: {
    C1: (gen) =>
      smallShape(gen).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [anotherDType(gen), []],
          ],
          unpadded(s),
        ),
      ),
    C2: (gen) =>
      smallShape(gen).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, [2]],
          ],
          unpadded(s),
        ),
      ),
    C3: (gen) =>
      smallShape(gen).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, []],
          ],
          unpadded([...s, 1]),
        ),
      ),
    C4: (gen) =>
      smallShape(gen, 1).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, []],
          ],
          { padding_config: s.map(() => [0, 0, -1] as const) },
        ),
      ),
    C5: (gen) =>
      smallShape(gen, 1).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, []],
          ],
          { padding_config: s.map((n) => [-n, -1, 0] as const) },
        ),
      ),
  },
});

const unpadded = (shape: Shape): PadParams => ({ padding_config: shape.map(() => [0, 0, 0]) });
const anotherDType = ({ dtype }: Gen): DType => (dtype === 'int32' ? 'float32' : 'int32');

export interface ConcatenateParams {
  readonly dimension: number;
}

export const concatenate: Defined<'concatenate', ConcatenateParams, 'C1' | 'C2' | 'C3' | 'C4'> = definePrimitive({
  name: 'concatenate',
  spec: 'spec/primitives/shape.md#concatenate',
  operands: [{ name: 'operands', dtypes: ANY, variadic: { atLeast: 1 } }],
  params: { dimension: AXIS },
  dtypes: ANY,
  constraints: {
    C1: (xs) =>
      xs.every((x) => x.dtype === xs[0]!.dtype) || `operands must have one dtype, got ${show(xs.map((x) => x.dtype))}`,
    C2: (xs) =>
      xs.every((x) => x.shape.length === xs[0]!.shape.length) ||
      `operands must have one rank, got shapes ${show(xs.map((x) => show(x.shape)))}`,
    C3: ([x], p) => checkAxis('dimension', p.dimension, x!.shape.length),
    C4: (xs, p) =>
      xs.every((x) => x.shape.every((n, d) => d === p.dimension || n === xs[0]!.shape[d])) ||
      `operands must agree in every size but that of dimension ${p.dimension}, got shapes ${show(xs.map((x) => show(x.shape)))}`,
  },
  infer: (xs, p) => [
    {
      ...xs[0]!,
      shape: joinedShape(
        xs.map((x) => x.shape),
        p.dimension,
      ),
    },
  ],
  evaluate(xs, { dimension }) {
    const shape = joinedShape(
      xs.map((x) => x.shape),
      dimension,
    );
    const data = allocate(xs[0]!.dtype, sizeOf(shape));
    const sources = xs.map((x) => ({ move: mover(data, x), length: sizeOf(x.shape.slice(dimension)) }));
    const blocks = sizeOf(shape.slice(0, dimension));
    let to = 0;
    for (let block = 0; block < blocks; block++) {
      for (const { move, length } of sources) {
        for (let i = 0; i < length; i++) move(to++, block * length + i);
      }
    }
    return [{ shape, dtype: xs[0]!.dtype, data }];
  },
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], xs, { dimension }) {
      let end = 0;
      return xs.map((x) => {
        const start = end;
        end += operandAval(x).shape[dimension]!;
        return ct && 'linear' in x ? lax.sliceInDim(ct, start, end, 1, dimension) : null;
      });
    },
  },
  batch: (lax, xs, at, axis, p) =>
    inFront(
      lax.concatenate(
        xs.map((x, i) => toFront(lax, x, at[i]!, axis)),
        p.dimension + 1,
      ),
    ),
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(gen.shape({ minRank: 1 }), gen.fc.array(gen.fc.nat(3), { maxLength: 3 }), gen.fc.nat(10))
      .chain(([shape, sizes, at]) => {
        const dimension = at % shape.length;
        const shapes = [shape, ...sizes.map((n) => shape.with(dimension, n))];
        return call(
          gen,
          shapes.map((s) => [gen.dtype, s] as const),
          { dimension },
        );
      }),
  breaks: {
    C1: (gen) =>
      smallShape(gen, 1).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, s],
            [anotherDType(gen), s],
          ],
          { dimension: 0 },
        ),
      ),
    C2: (gen) =>
      smallShape(gen, 1).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, s],
            [gen.dtype, [...s, 1]],
          ],
          { dimension: 0 },
        ),
      ),
    C3: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { dimension: s.length })),
    C4: (gen) =>
      smallShape(gen, 2).chain((s) =>
        call(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype, s],
            [gen.dtype, s.map((n) => n + 1)],
          ],
          { dimension: 0 },
        ),
      ),
  },
});

function joinedShape(shapes: readonly Shape[], dimension: number): number[] {
  return shapes[0]!.map((n, d) => (d === dimension ? shapes.reduce((sum, s) => sum + s[d]!, 0) : n));
}
