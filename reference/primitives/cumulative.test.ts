import { expect, it } from 'vitest';
import { forCalls } from '../../conformance/testing/structural.ts';
import { numbers } from '../core/host.ts';
import { cumsum } from './cumulative.ts';
import { reduceSum } from './reduction.ts';
import { concatenate, slice } from './shape.ts';

it('cumsum holds the sums of all that comes before, or after', () => {
  forCalls(cumsum, undefined, ({ args: [x], params }) => {
    const { axis, reverse } = params;
    const n = x!.shape[axis]!;
    const parts = Array.from({ length: n }, (_, k) => {
      const start_indices = x!.shape.map((_n, d) => (d === axis && reverse ? k : 0));
      const limit_indices = x!.shape.map((size, d) => (d === axis && !reverse ? k + 1 : size));
      const [part] = slice.evaluate([x!], { start_indices, limit_indices, strides: x!.shape.map(() => 1) });
      const [sum] = reduceSum.evaluate([part!], { axes: [axis] });
      return { ...sum!, shape: x!.shape.with(axis, 1) };
    });
    const [y] = cumsum.evaluate([x!], params);
    if (n > 0) expect(y).toEqual(concatenate.evaluate(parts, { dimension: axis })[0]);
    else expect(numbers(y!)).toHaveLength(0);
  });
});
