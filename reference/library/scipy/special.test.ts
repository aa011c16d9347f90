import { grad, type NDArray, np, scipy } from 'etalon';
import { expect, test } from 'vitest';
import { disagreement } from '../../../conformance/testing/agree.ts';

const { special } = scipy;
const float64 = (...x: number[]): NDArray => np.array(x, { dtype: 'float64' });

/** What spec/primitives/special.md claims of the incomplete functions, the least exact of these. */
const LIMIT = 64 * 2 ** -52;

/** By SciPy 1.17 and mpmath. */
test.each([
  ['gammaln', special.gammaln(float64(0.5, 10)), [0.5723649429247001, 12.801827480081469]],
  ['digamma', special.digamma(float64(1)), [-0.5772156649015329]],
  ['polygamma', special.polygamma(1, float64(1)), [1.6449340668482264]],
  ['zeta', special.zeta(float64(2, 3)), [1.6449340668482264, 1.2020569031595942]],
  ['gammainc', special.gammainc(float64(2), 1), [0.2642411176571153]],
  ['gammaincc', special.gammaincc(float64(2), 1), [0.7357588823428847]],
  ['betainc', special.betainc(2, 3, float64(0.5)), [0.6875]],
  ['betaln', special.betaln(float64(2), 3), [Math.log(1 / 12)]],
  ['multigammaln', special.multigammaln(float64(3), 2), [Math.log((3 * Math.PI) / 2)]],
  ['i0', special.i0(float64(1)), [1.2660658777520082]],
  ['i1', special.i1(float64(-1)), [-0.565159103992485]],
  ['expit', special.expit(float64(0)), [0.5]],
  ['logit', special.logit(float64(0.75)), [Math.log(3)]],
  ['xlogy', special.xlogy(float64(0, 2), float64(0, 3)), [0, 2 * Math.log(3)]],
  ['xlog1py', special.xlog1py(float64(0, 2), float64(-1, 3)), [0, 2 * Math.log(4)]],
  ['entr', special.entr(float64(-1, 0, 0.5)), [-Infinity, 0, Math.LN2 / 2]],
  ['ndtr', special.ndtr(float64(-1, 0)), [0.15865525393145707, 0.5]],
  ['logNdtr', special.logNdtr(float64(-300, -1, 0, 10)), [-45006.62273211866, -1.8410216450092636, -Math.LN2, -7.619853024160527e-24]], // prettier-ignore
  ['ndtri', special.ndtri(float64(0, 1e-20, 0.15865525393145707, 0.5, 0.975, 1, 2)), [-Infinity, -9.262340089798409, -1, 0, 1.959963984540054, Infinity, NaN]], // prettier-ignore
  ['erfinv', special.erfinv(float64(0.5)), [0.4769362762044699]],
])('%s', (_, got, expected) => {
  const list = got.js() as number[];
  expect(list.length).toBe(expected.length);
  list.forEach((y, i) => {
    const e = expected[i]!;
    if (Number.isFinite(e)) expect(Math.abs(y - e)).toBeLessThanOrEqual(LIMIT * Math.abs(e));
    else expect(y).toBe(e);
  });
});

test('integers become floats, numbers take the dtype of arrays', () => {
  expect(special.gammaln(np.array([5n])).dtype).toBe('float32');
  expect(special.zeta(2).item()).toBe(Math.fround(Math.PI ** 2 / 6));
});

test('derivatives at the edges are JAX’s', () => {
  expect(grad((x: NDArray) => special.xlogy(x, 2))(0).item()).toBe(Math.fround(Math.LN2));
  expect(grad((y: NDArray) => special.xlogy(0, y))(0).item()).toBe(NaN);
  expect(grad((y: NDArray) => special.xlogy(0, y))(2).item()).toBe(0);
  const exactly = (value: number) => () => np.array(value, { dtype: 'float64' });
  const at = (value: number): NDArray => np.array(value, { dtype: 'float64' });
  const slope = grad((x: NDArray) => special.logNdtr(x));
  expect(disagreement(slope, exactly(30.033259667433704), [at(-30)])).toBeNull();
  const inverse = grad((p: NDArray) => special.ndtri(p));
  expect(disagreement(inverse, exactly(Math.sqrt(2 * Math.PI)), [at(0.5)])).toBeNull();
});
