import { expect, test } from 'vitest';
import { isComplex, isFloat } from '../../reference/core/dtypes.ts';
import { avalOf, elements, type HostArray, parts, sizeOf } from '../../reference/core/host.ts';
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

/** A chain of transcendental steps, which near zero cancel: the reference claims no more than the primitive's accuracy. */
const CHAINS: readonly string[] = ['cumlogsumexp'];

/** The elements, those of complex arrays part by part. */
function listOf(x: HostArray): unknown[] {
  const at = elements(x);
  return isComplex(x.dtype) ? [...parts(x)] : Array.from({ length: sizeOf(x.shape) }, (_, i) => at(i));
}

function isRight(fixture: Fixture): boolean {
  const { primitive, operands, params, expected } = fixture;
  const results = primitive.evaluate(operands, params);
  const { kind } = primitive.accuracy(operands.map(avalOf), params);
  if (CHAINS.includes(primitive.name) || kind === 'normwise' || kind === 'backward') {
    return judgeEquation(primitive, operands, params, expected, results, 'strict', 'fixture').wrong === null;
  }
  const got = results.map(listOf);
  return expected.every((want, j) => {
    const allowed = unitsAllowed(fixture, want);
    return listOf(want).every((e, i) => {
      const y = got[j]![i]!;
      return (
        Object.is(e, y) || (e !== y && allowed > 0 && ulpDistance(e as number, y as number, want.dtype) <= allowed)
      );
    });
  });
}

test('the reference gives the exact results rounded once', () => {
  const wrong = [...fixtures()].filter((f) => !isRight(f)).map(({ id }) => id);
  expect(wrong).toEqual([]);
});
