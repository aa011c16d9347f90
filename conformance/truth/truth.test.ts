import { describe, expect, test } from 'vitest';
import { hostArray, numbers } from '../../reference/core/host.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { judgeEquation } from '../budgets.ts';
import { fixtures } from '../programs/fixtures.ts';
import { hasTruth, truth, truthError } from './index.ts';

test('values to 40 digits are those of mpmath', () => {
  const known: readonly (readonly [string, number[], string])[] = [
    ['exp', [0.1], '1.10517091807564763094663882345877965774166342'],
    ['expm1', [1e-300], '1.00000000000000002505909183520875968569614681e-300'],
    ['log1p', [-1e-5], '-0.0000100000500003333366513920530275097991265918378'],
    ['sin', [1e22], '-0.85220084976718880177270589375302936826176215'],
    ['cos', [2 ** 1000], '0.987246077598913484239901796329468005627037967'],
    ['tan', [Math.PI / 2], '16331239353195369.7559677370415289165308640681'],
    ['asin', [1 - 2 ** -53], '1.57079631189373542538366530377631601659396878'],
    ['acosh', [1 + 2 ** -52], '0.0000000210734242554470155035478037518280008839254254'],
    ['atanh', [0.5], '0.549306144334054845697622618461262852323745279'],
    ['erf', [0.3], '0.328626759459127416189617985318203033258471759'],
    ['erfc', [12.5], '6.23194278197991100613954912908968736638002053e-70'],
    ['pow', [1.0000000001, 1e10], '2.71828205323478738163699628887162097770228934'],
    ['atan2', [-3, -4], '-2.49809154479650885165983415456218024615565881'],
    ['logistic', [-30], '0.0000000000000935762296883929895383956265328498411157573543'],
    ['cbrt', [3], '1.44224957030740838232163831078010958839186925'],
    ['tanh', [20], '0.999999999999999991503291489416822045438558191191'],
  ];
  for (const [name, x, expected] of known) {
    const value = truth(name, x)!;
    expect(value.minus(expected).div(expected).abs().toNumber(), name).toBeLessThan(1e-40);
  }
});

test('the fixtures are these values, rounded once', () => {
  const seen = new Set<string>();
  for (const { id, primitive, operands, params, expected } of fixtures()) {
    const [name, dtype, label] = id.split('/');
    if (dtype !== 'f64' || label !== 'large' || !hasTruth(name!)) continue;
    seen.add(name!);
    const [xs, y] = [operands.map(numbers), numbers(expected[0]!)];
    for (let i = 0; i < y.length; i += 97) {
      const value = truth(
        primitive.name,
        xs.map((x) => x[i]!),
        params,
      );
      if (value !== null) expect(truthError(y[i]!, value, 'float64'), `${id} ${i}`).toBeLessThanOrEqual(0.5);
    }
  }
  expect(seen.size).toBeGreaterThanOrEqual(22);
});

test('has no value outside the domain, at infinities, and for functions that it does not know', () => {
  expect([truth('log', [-1]), truth('exp', [Infinity]), truth('sin', [NaN]), truth('exp', [1e300])]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(hasTruth('lgamma')).toBe(false);
});

describe('a float64 result', () => {
  /** What is wrong with log1p(0.3), of which 2 units are allowed and the reference may be 2 off itself, so many floats away. */
  const judged = (steps: number): string | null => {
    const x = hostArray('float64', [1], [0.3]);
    const [y] = primitives.log1p.evaluate([x], {});
    const bits = new BigInt64Array(new Float64Array(numbers(y!)).buffer);
    bits[0]! += BigInt(steps);
    const got = { ...y!, data: new Float64Array(bits.buffer) };
    return judgeEquation(primitives.log1p, [x], {}, [y!], [got], 'strict').wrong?.message ?? null;
  };
  test('that the reference leaves in doubt is judged by its distance from the exact value', () => {
    expect([0, 2, -2].map(judged)).toEqual([null, null, null]);
    for (const steps of [3, -3, 4, -4, 5]) expect(judged(steps)).toMatch(/ulp off/);
  });
});
