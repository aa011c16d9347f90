/** Tangents are linear in their direction: J·(2v − w/2) = 2·J·v − (J·w)/2. */
import { isComplex } from '../../reference/core/dtypes.ts';
import { buildParts, type HostArray, moduli, parts, sizeOf } from '../../reference/core/host.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { ulpSize } from '../../reference/transforms/rounding.ts';
import { judgeProgram } from '../budgets.ts';
import { direction, jvpOf } from '../programs/sample.ts';
import { judgement, type Law } from './law.ts';

// Powers of two: scaling by them rounds nothing, and directions are multiples of 1/16.
const [A, B] = [2, -0.5];

export const linearity: Law = {
  name: 'linearity',
  anchor: 'spec/conformance.md#linearity',
  ofRules: true,
  program: jvpOf,
  async check(bench, sample, random) {
    const n = sample.inputs.length;
    const along = jvpOf(sample, random);
    const v = along.inputs.slice(n);
    const w = v.map((x) => direction(x, random));
    const both = v.map((x, k) => combination(x, w[k]!));
    const tangents = (of: readonly HostArray[]): Bounded[] =>
      errorBound(along.jaxpr, [...sample.inputs, ...of], bench.profile, 'alike').slice(sample.jaxpr.outputs.length);
    const [jv, jw, got] = [tangents(v), tangents(w), tangents(both)];
    const expected = got.map((y, k) => combined(jv[k]!, jw[k]!, y));
    const values = got.map((y) => y.value);
    const comparison = judgeProgram(expected, values, bench.profile);
    const inputs = [...sample.inputs, ...both];
    return judgement(comparison, { jaxpr: along.jaxpr, inputs, expected: expected.map((y) => y.value), got: values });
  },
};

/** A·x + B·y of two arrays of one type. */
function combination(x: HostArray, y: HostArray): HostArray {
  const [p, q] = [parts(x), parts(y)];
  return buildParts(x.dtype, x.shape, (k) => A * p[k]! + B * q[k]!);
}

/** A·x + B·y, and how far the directly computed `z` may be from it. Nothing is said where one is not finite. */
function combined(x: Bounded, y: Bounded, z: Bounded): Bounded {
  const { dtype, shape } = z.value;
  const value = combination(x.value, y.value);
  const sizes = [value, x.value, y.value, z.value].map(moduli);
  const worst = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const own = (of: Bounded): number => of.bound?.worst[i] ?? 0;
    // The sum is at most twice the larger term: half a unit of it, of either part.
    const unit = ulpSize(Math.max(Math.abs(A) * sizes[1]![i]!, Math.abs(B) * sizes[2]![i]!), dtype);
    const rounding = isComplex(dtype) ? Math.SQRT2 * unit : unit;
    const finite = sizes.every((s) => Number.isFinite(s[i]));
    return finite ? own(z) + Math.abs(A) * own(x) + Math.abs(B) * own(y) + rounding : Infinity;
  });
  return { value, bound: { worst, variance: worst.map((e) => e * e) } };
}
