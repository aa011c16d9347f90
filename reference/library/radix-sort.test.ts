import fc from 'fast-check';
import { expect, it } from 'vitest';
import { np } from '../index.ts';
import { permutationOf } from './radix-sort.ts';

const keys = fc.array(fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })), { maxLength: 20 });

it('permutationOf is the stable order', () => {
  fc.assert(
    fc.property(keys, (values) => {
      const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
      expect(permutationOf(np.array(values, 'uint32')).js()).toEqual(order);
    }),
    { numRuns: 30 },
  );
});
