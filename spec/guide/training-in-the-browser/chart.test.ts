import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Curve } from './chart.ts';

it('keeps few points, each the mean of as many values, whatever is added', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (n) => {
      const curve = new Curve();
      for (let step = 1; step <= n; step++) curve.add(step, step);
      const { points } = curve;
      expect(points.length).toBeLessThan(800);
      const apart = points[0]!.step;
      for (const [i, { step, value }] of points.entries()) {
        expect(step).toBe((i + 1) * apart);
        expect(value).toBe(step - (apart - 1) / 2); // the mean of the steps since the point before
      }
      expect(n - points.at(-1)!.step).toBeLessThan(apart);
    }),
    { numRuns: 30 },
  );
});
