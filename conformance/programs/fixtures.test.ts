import { expect, test } from 'vitest';
import { finfo, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import {
  avalOf,
  type Complex,
  complexes,
  type Element,
  elements,
  type HostArray,
  sizeOf,
} from '../../reference/core/host.ts';
import { referenceUlps } from '../../reference/primitives/accuracy.ts';
import { judgeEquation } from '../budgets.ts';
import { ulpDistance } from '../ulp.ts';
import { type Fixture, fixtures } from './fixtures.ts';

/**
 * What the specification says of the reference itself (spec/numerics.md#reference): the exact result rounded once, sums
 * and products included, where backends may be off by many roundings. Only transcendental functions may be beside it, by
 * 2 units in float64, special ones by more.
 */
function unitsAllowed({ primitive, operands, params }: Fixture, { dtype }: HostArray): number {
  const { kind } = primitive.accuracy(operands.map(avalOf), params);
  return kind === 'ulp' && dtype === 'float64' ? referenceUlps(primitive.name) : 0;
}

/** Chains of many steps, transforms and decompositions: the reference claims no more than the primitive's accuracy. */
function isChain({ primitive, operands, params }: Fixture): boolean {
  const { kind } = primitive.accuracy(operands.map(avalOf), params);
  const isElementwise = primitive.batch === 'elementwise';
  return primitive.name === 'cumlogsumexp' || kind === 'backward' || (kind === 'normwise' && !isElementwise);
}

function isRight(fixture: Fixture): boolean {
  const { primitive, operands, params, expected } = fixture;
  const results = primitive.evaluate(operands, params);
  if (isChain(fixture)) {
    return judgeEquation(primitive, operands, params, expected, results, 'strict', 'fixture').wrong === null;
  }
  return expected.every((want, j) =>
    isComplex(want.dtype) ? isNear(fixture, want, results[j]!, j) : isRounded(fixture, want, results[j]!),
  );
}

function isRounded(fixture: Fixture, want: HostArray, got: HostArray): boolean {
  const allowed = unitsAllowed(fixture, want);
  const [e, y] = [elements(want), elements(got)];
  const near = (a: Element, b: Element): boolean =>
    isFloat(want.dtype) && a !== b && allowed > 0 && ulpDistance(a as number, b as number, want.dtype) <= allowed;
  return positions(want).every((i) => Object.is(e(i), y(i)) || near(e(i), y(i)));
}

/** Products of complex numbers and what is made of them: the formula says which sign a zero has; beside NaN it is open. */
const TEXTBOOK: readonly string[] = ['mul', 'square', 'div', 'integer_pow', 'pow', 'rsqrt', 'logistic'];

/**
 * Of complex numbers the error's modulus counts: complex64 is computed in float64 and each part rounded once, complex128
 * is within 8 units u, powers within their own accuracy. Any NaN matches any NaN.
 */
function isNear({ primitive, operands, params }: Fixture, want: HostArray, got: HostArray, j: number): boolean {
  const accuracy = primitive.accuracy(operands.map(avalOf), params);
  const { unitRoundoff, smallestSubnormal } = finfo(want.dtype);
  const [e, y] = [complexes(want), complexes(got)];
  const size = (i: number): number => Math.hypot(e(i).re, e(i).im);
  const units = accuracy.kind !== 'normwise' ? 0 : want.dtype === 'complex64' ? 1 + 2 ** -20 : Math.min(accuracy.n, 8);
  const scales = accuracy.kind === 'normwise' ? accuracy.scale?.(operands, [want])[j] : undefined;
  const own = primitive.name === 'integer_pow' && accuracy.kind === 'normwise' ? accuracy.n : units;
  const z = operands.filter((x) => isComplex(x.dtype)).map(complexes)[0];
  const signs = (i: number): boolean => !TEXTBOOK.includes(primitive.name) && !(z && isNaNPair(z(i)));
  return positions(want).every((i) => {
    const [a, b] = [e(i), y(i)];
    if (isNaNPair(a)) return isNaNPair(b);
    const allowed = own * unitRoundoff * (scales?.[i] ?? size(i)) + 2 * smallestSubnormal;
    const close = (p: number, q: number): boolean =>
      Object.is(p, q) || (p === q && !signs(i)) || (p !== q && Math.abs(p - q) <= allowed);
    return close(a.re, b.re) && close(a.im, b.im);
  });
}
const isNaNPair = ({ re, im }: Complex): boolean => Number.isNaN(re) || Number.isNaN(im);

const positions = ({ shape }: HostArray): number[] => Array.from({ length: sizeOf(shape) }, (_, i) => i);

test('the reference gives the exact results rounded once', () => {
  const wrong = [...fixtures()].filter((f) => !isRight(f)).map(({ id }) => id);
  expect(wrong).toEqual([]);
});
