import { expect, test } from 'vitest';
import { isFloat } from '../../reference/core/dtypes.ts';
import { avalOf, type HostArray, numbers } from '../../reference/core/host.ts';
import { judgeEquation } from '../budgets.ts';
import { ulpDistance } from '../ulp.ts';
import { type Fixture, fixtures } from './fixtures.ts';

/**
 * What the specification says of the reference itself (spec/numerics.md#reference): the exact result rounded once, sums
 * and products included, where backends may be off by many roundings. Only transcendental functions may be beside it: by
 * 2 units in float64, and by one in float32, where the exact result is within 2⁻²⁹ of the middle of two numbers.
 */
function unitsAllowed({ primitive, operands, params }: Fixture, { dtype }: HostArray): number {
  const { kind } = primitive.accuracy(operands.map(avalOf), params);
  if (kind !== 'ulp' || !isFloat(dtype)) return 0;
  return dtype === 'float32' ? 1 : 2;
}

/**
 * A chain of transcendental steps, which near zero cancel, and solutions that the data hardly determines: the reference
 * claims no more than the primitive's accuracy.
 */
const claimsNoMore = ({ primitive, operands, params }: Fixture): boolean =>
  primitive.name === 'cumlogsumexp' || primitive.accuracy(operands.map(avalOf), params).kind === 'backward';

function isRight(fixture: Fixture): boolean {
  const { primitive, operands, params, expected } = fixture;
  const results = primitive.evaluate(operands, params);
  if (claimsNoMore(fixture)) {
    return judgeEquation(primitive, operands, params, expected, results, 'strict', 'fixture').wrong === null;
  }
  const got = results.map(numbers);
  return expected.every((want, j) => {
    const allowed = unitsAllowed(fixture, want);
    return numbers(want).every((e: number, i: number) => {
      const y = got[j]![i]!;
      return Object.is(e, y) || (e !== y && allowed > 0 && ulpDistance(e, y, want.dtype) <= allowed);
    });
  });
}

test('the reference gives the exact results rounded once', () => {
  const wrong = [...fixtures()].filter((f) => !isRight(f)).map(({ id }) => id);
  expect(wrong).toEqual([]);
});
