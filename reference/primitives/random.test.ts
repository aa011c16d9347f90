import { expect, it } from 'vitest';
import { hostArray, hostScalar } from '../core/host.ts';
import { threefry2x32 } from './random.ts';

/** Known answers of Random123 (Salmon et al.), threefry2x32 with 20 rounds: key, counter, result. */
const ONES = 0xffffffff;
it.each([
  [
    [0, 0, 0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [ONES, ONES, ONES, ONES],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
])('threefry2x32 of %j', (operands, expected) => {
  const results = threefry2x32.evaluate(
    operands.map((v) => hostScalar('uint32', v)),
    {},
  );
  expect(results.map((y) => y.data[0])).toEqual(expected);
});

it('is elementwise', () => {
  const [k1, k2, x1, x2] = [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ].map((v) => hostArray('uint32', [2], v));
  const both = threefry2x32.evaluate([k1!, k2!, x1!, x2!], {});
  for (const i of [0, 1]) {
    const one = threefry2x32.evaluate(
      [k1!, k2!, x1!, x2!].map((x) => hostScalar('uint32', Number(x.data[i]))),
      {},
    );
    expect(one.map((y) => y.data[0])).toEqual(both.map((y) => y.data[i]));
  }
});
