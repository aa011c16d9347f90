/** An array cut into several along an axis: split (spec/primitives/shape.md). */
import { ANY } from '../core/dtypes.ts';
import { type Shape, stridesOf } from '../core/host.ts';
import { definePrimitive, operandAval } from '../core/primitive.ts';
import { AXIS, checkAxis, checkSizes, NATURALS, show } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { type Defined, exact, inexact } from './elementwise.ts';
import { strided } from './layout.ts';

export interface SplitParams {
  readonly sizes: Shape;
  readonly axis: number;
}

/** Where each part starts. */
const startsOf = (sizes: Shape): number[] => sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
const sum = (sizes: Shape): number => sizes.reduce((a, b) => a + b, 0);

export const split: Defined<'split', SplitParams, 'C1' | 'C2' | 'C3' | 'C4'> = definePrimitive({
  name: 'split',
  spec: 'spec/primitives/shape.md#split',
  operands: [{ name: 'operand', dtypes: ANY }],
  params: { sizes: { ...NATURALS, minItems: 1 }, axis: AXIS },
  dtypes: ANY,
  constraints: {
    C1: ([x], p) => checkAxis('axis', p.axis, x!.shape.length),
    C2: (_, p) => checkSizes('sizes', p.sizes),
    C3: (_, p) => p.sizes.length > 0 || 'sizes must not be empty',
    C4: ([x], p) =>
      sum(p.sizes) === x!.shape[p.axis] ||
      `sizes must add to the size ${x!.shape[p.axis]} of axis ${p.axis}, got ${show(p.sizes)}`,
  },
  infer: ([x], p) => p.sizes.map((n) => ({ ...x!, shape: x!.shape.with(p.axis, n) })),
  evaluate([x], { sizes, axis }) {
    const strides = stridesOf(x!.shape);
    const starts = startsOf(sizes);
    return sizes.map((n, i) => strided(x!, x!.shape.with(axis, n), strides, starts[i]! * strides[axis]!));
  },
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, cts, [x], { sizes, axis }) {
      if (cts.every((ct) => ct === null)) return [null];
      const { shape, dtype } = operandAval(x!);
      const parts = cts.map((ct, i) => ct ?? lax.zerosLike({ shape: shape.with(axis, sizes[i]!), dtype }));
      return [lax.concatenate(parts, axis)];
    },
  },
  batch(lax, [x], [at], _, { sizes, axis }) {
    const out = lax.split(lax.moveAxis(x!, at!, 0), sizes, axis + 1);
    return { out, at: out.map(() => 0) };
  },
  bound: 'moves',
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(
        gen.shape({ minRank: 1 }),
        gen.fc.nat(10),
        gen.fc.array(gen.fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
      )
      .chain(([shape, at, cuts]) => {
        const axis = at % shape.length;
        const n = shape[axis]!;
        const ends = [...cuts.map((c) => Math.round(c * n)).sort((a, b) => a - b), n];
        return call(gen, [[gen.dtype, shape]], { sizes: ends.map((end, i) => end - (ends[i - 1] ?? 0)), axis });
      }),
  breaks: {
    C1: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { sizes: [1], axis: s.length })),
    C2: (gen) => smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { sizes: [s[0]! + 1, -1], axis: 0 })),
    C3: (gen) => smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { sizes: [], axis: 0 })),
    C4: (gen) => smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { sizes: [s[0]!, 1], axis: 0 })),
  },
});
