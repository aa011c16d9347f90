/** A vmapped function gives, lane by lane, what the function gives. */
import { sizeOf } from '../../reference/core/host.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { stacked, vmapped } from '../programs/sample.ts';
import { judgeWithin, type Law } from './law.ts';

export const vmapIsLoop: Law = {
  name: 'vmap-is-loop',
  anchor: 'spec/conformance.md#vmap-is-loop',
  ofRules: false,
  program: (sample, random) => vmapped(sample, random).sample,
  async check(bench, sample, random) {
    const { sample: wide, lanes } = vmapped(sample, random);
    const loop = lanes.map((inputs) => errorBound(sample.jaxpr, inputs, bench.profile));
    const own = errorBound(wide.jaxpr, wide.inputs, bench.profile);
    const expected = own.map(({ bound }, j) =>
      stackedBounds(
        loop.map((results) => results[j]!),
        bound,
      ),
    );
    return judgeWithin(bench, wide.jaxpr, wide.inputs, expected);
  },
};

/** The lanes' results side by side; the vmapped program's own roundings come on top of theirs. */
function stackedBounds(lanes: readonly Bounded[], own: Bounded['bound']): Bounded {
  const value = stacked(
    lanes.map((x) => x.value),
    0,
  );
  if (own === null && lanes.every((x) => x.bound === null)) return { value, bound: null };
  const total = sizeOf(value.shape);
  const n = total / lanes.length;
  const sum = (key: 'worst' | 'variance'): Float64Array =>
    Float64Array.from(
      { length: total },
      (_, i) => (lanes[Math.floor(i / n)]!.bound?.[key][i % n] ?? 0) + (own?.[key][i] ?? 0),
    );
  return { value, bound: { worst: sum('worst'), variance: sum('variance') } };
}
