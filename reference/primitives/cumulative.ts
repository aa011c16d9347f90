/**
 * Prefix sums: cumsum (spec/primitives/cumulative.md).
 */
import { NUMBERS } from '../core/dtypes.ts';
import { allocate, type HostArray, type NumberData, numbers } from '../core/host.ts';
import { definePrimitive } from '../core/primitive.ts';
import { AXIS, checkAxis, inFront, inverse, remaining } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { along, type Defined, inexact } from './elementwise.ts';
import { exactPrefixSums, isFloatDType } from './exact.ts';
import { magnitudes, permuted, reversed } from './layout.ts';

export interface CumsumParams {
  readonly axis: number;
  readonly reverse: boolean;
}

/** Puts the axis last, replaces each row by what `scan` writes for it, and puts the axis back. */
function alongRows(x: HostArray, p: CumsumParams, scan: (row: NumberData, into: NumberData) => void): HostArray {
  const order = [...remaining(x.shape.length, [p.axis]), p.axis];
  const straight = p.reverse ? reversed(x, [p.axis]) : x;
  const rows = permuted(straight, order);
  const source = numbers(rows);
  const data = allocate(x.dtype, source.length);
  const n = x.shape[p.axis]!;
  for (let from = 0; from < source.length; from += n)
    scan(source.subarray(from, from + n), data.subarray(from, from + n));
  const back = permuted({ ...rows, data }, inverse(order));
  return p.reverse ? reversed(back, [p.axis]) : back;
}

/** Sums of 32-bit integers, wrapped. */
function integerPrefixSums(row: NumberData, into: NumberData): void {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    sum = (sum + row[i]!) | 0;
    into[i] = sum;
  }
}

function roundedPrefixSums(row: NumberData, into: NumberData): void {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    sum += row[i]!;
    into[i] = sum;
  }
}

export const cumsum: Defined<'cumsum', CumsumParams, 'C1'> = definePrimitive({
  name: 'cumsum',
  spec: 'spec/primitives/cumulative.md#cumsum',
  operands: [{ name: 'operand', dtypes: NUMBERS }],
  params: { axis: AXIS, reverse: { type: 'boolean' } },
  dtypes: NUMBERS,
  constraints: { C1: ([x], p) => checkAxis('axis', p.axis, x!.shape.length) },
  infer: ([x]) => [x!],
  evaluate([x], p) {
    const { dtype } = x!;
    const scan = isFloatDType(dtype)
      ? (row: NumberData, into: NumberData): void => exactPrefixSums(row, dtype, into)
      : integerPrefixSums;
    return [alongRows(x!, p, scan)];
  },
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.cumsum(t, p.axis, { reverse: !p.reverse }))],
  },
  batch: (lax, [x], [at], _, p) => inFront(lax.cumsum(lax.moveAxis(x!, at!, 0), p.axis + 1, { reverse: p.reverse })),
  bound: 'linear',
  accuracy([x], p) {
    if (!isFloatDType(x!.dtype)) return { kind: 'exact' };
    return {
      kind: 'sum',
      terms: x!.shape[p.axis]!,
      magnitude: ([operand]) => Float64Array.from(numbers(alongRows(magnitudes(operand!), p, roundedPrefixSums))),
    };
  },
  cases: (gen) =>
    gen
      .shape({ minRank: 1 })
      .chain((s) =>
        gen.fc
          .record({ axis: gen.fc.nat(s.length - 1), reverse: gen.fc.boolean() })
          .chain((params) => call(gen, [[gen.dtype, s]], params)),
      ),
  breaks: {
    C1: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { axis: s.length, reverse: false })),
  },
});
