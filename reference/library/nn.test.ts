import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents } from '../../conformance/testing/arrays.ts';
import { errors, grad, type NDArray, nn, np } from '../index.ts';

const floats = fc.oneof(
  fc.constantFrom(0, -0, 6, -3, Infinity, -Infinity, NaN),
  fc.float({ min: -30, max: 30, noNaN: true }),
);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Activation, definition in doubles, and how many roundings of float32 it may have. */
const activations: readonly (readonly [string, (x: NDArray) => NDArray, (x: number) => number])[] = [
  ['relu', nn.relu, (x) => Math.max(x, 0)],
  ['relu6', nn.relu6, (x) => Math.min(Math.max(x, 0), 6)],
  ['sigmoid', nn.sigmoid, sigmoid],
  ['softplus', nn.softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  ['softSign', nn.softSign, (x) => x / (Math.abs(x) + 1)],
  ['hardTanh', nn.hardTanh, (x) => Math.min(Math.max(x, -1), 1)],
  ['hardSigmoid', nn.hardSigmoid, (x) => Math.min(Math.max(x + 3, 0), 6) / 6],
  ['elu', nn.elu, (x) => (x > 0 ? x : Math.expm1(x))],
  ['leakyRelu', nn.leakyRelu, (x) => (x >= 0 ? x : 0.01 * x)],
];

/** Activation, and what JAX 0.10.2 gives in float64 at these points. */
const POINTS = [-2, -0.5, 1, 3];
const recorded: readonly (readonly [string, (x: NDArray) => NDArray, readonly number[]])[] = [
  ['silu', nn.silu, [-0.2384058440442351, -0.1887703343990727, 0.7310585786300049, 2.8577223804673]],
  ['mish', nn.mish, [-0.2525014826957088, -0.22074377465173, 0.8650983882673103, 2.9865350049679567]],
  ['selu', nn.selu, [-1.520166468595695, -0.6917581878028712, 1.0507009873554805, 3.1521029620664414]],
  ['hardSilu', nn.hardSilu, [-0.3333333333333333, -0.20833333333333331, 0.6666666666666666, 3.0]],
  ['squareplus', nn.squareplus, [0.41421356237309515, 0.7807764064044151, 1.618033988749895, 3.302775637731995]],
  ['logSigmoid', nn.logSigmoid, [-2.1269280110429727, -0.9740769841801067, -0.3132616875182228, -0.04858735157374206]],
  ['gelu', nn.gelu, [-0.04540230591222494, -0.15428599017485609, 0.8411919906082768, 2.996362607918227]],
  ['celu', (x) => nn.celu(x, 2), [-1.2642411176571153, -0.44239843385719024, 1.0, 3.0]],
  [
    'gelu without approximation',
    (x) => nn.gelu(x, false),
    [-0.04550026389635841, -0.15426876936299344, 0.8413447460685429, 2.99595030590511],
  ],
];

describe('activations', () => {
  it.each(recorded)("%s gives JAX's values", (_, f, wanted) => {
    // Of numbers below 16, on either side at most 16 roundings or functions within 4 ulp: 2 · 16 · 4 · 2⁻⁵² · 16.
    contents(f(np.array(POINTS, 'float64'))).values.forEach((v, i) =>
      expect(Math.abs(v - wanted[i]!)).toBeLessThanOrEqual(2 ** -41),
    );
  });
  it.each(activations)('%s', (_, f, exact) => {
    fc.assert(
      fc.property(floats, (x) => {
        fc.pre(!(f === nn.softSign && Math.abs(x) === Infinity)); // ∞/∞, as in JAX
        const [got, want] = [f(np.array(x)).item() as number, exact(x)];
        // At most four roundings, of numbers no larger than |x| + 6.
        if (Number.isFinite(want))
          expect(Math.abs(got - want)).toBeLessThanOrEqual(
            2 ** -22 * Math.max(Math.min(Math.abs(x) + 6, 36) * 2 ** -1, 1),
          );
        else expect(got).toBe(want);
      }),
    );
  });
  it('take integers where they make sense', () => {
    expect(nn.relu(np.array([-1n, 2n])).dtype).toBe('int32');
    expect(nn.sigmoid(np.array([0n])).js()).toEqual([0.5]);
  });
  it('glu gates one half by the other', () => {
    expect(nn.glu(np.array([3, 0])).js()).toEqual([1.5]);
    expect(() => nn.glu(np.zeros(3))).toThrow(errors.ShapeError);
  });
});

const rows = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 6 });

describe('softmax and its relatives', () => {
  it('softmax sums to 1, and logSoftmax is its logarithm', () => {
    fc.assert(
      fc.property(rows, (values) => {
        const x = np.array(values, 'float64');
        expect(Math.abs((np.sum(nn.softmax(x)).item() as number) - 1)).toBeLessThan(1e-14);
        contents(np.subtract(np.exp(nn.logSoftmax(x)), nn.softmax(x))).values.forEach((d) =>
          expect(Math.abs(d)).toBeLessThan(1e-13),
        );
      }),
    );
  });
  it('does not overflow, and shifting changes nothing', () => {
    expect(nn.softmax(np.array([1000, 1000])).js()).toEqual([0.5, 0.5]);
    expect(nn.logsumexp(np.array([1000, 1000])).item()).toBe(Math.fround(1000 + Math.LN2));
    expect(nn.logsumexp(np.array([-Infinity, -Infinity])).item()).toBe(-Infinity);
  });
  it('axes and options', () => {
    const x = np.array([[1, 2], [3, 4]]); // prettier-ignore
    expect(contents(nn.softmax(x, 0))).toEqual(contents(nn.softmax(x.T, -1).T));
    expect(contents(nn.softmax(x, { axis: 0 }))).toEqual(contents(nn.softmax(x, 0)));
    expect(nn.logsumexp(x, { axis: 1, keepdims: true }).shape).toEqual([2, 1]);
    expect(() => nn.softmax(x, 2)).toThrow('axis 2 is out of range for an array of rank 2');
  });
  it('the gradient of logsumexp is softmax', () => {
    const x = np.array([0.5, -1, 2], 'float64');
    contents(np.subtract(grad((v: NDArray) => nn.logsumexp(v))(x), nn.softmax(x))).values.forEach((d) =>
      expect(Math.abs(d)).toBeLessThan(1e-15),
    );
  });
  it('standardize gives mean 0 and variance 1', () => {
    const y = nn.standardize(np.array([1, 2, 3, 6], 'float64'), { epsilon: 0 });
    // At most 20 roundings on the way to either, all of numbers of at most 3.5 (the variance before it is divided by).
    const allowed = 20 * 3.5 * 2 ** -53;
    expect(Math.abs(np.mean(y).item() as number)).toBeLessThan(allowed);
    expect(Math.abs((np.var(y).item() as number) - 1)).toBeLessThan(allowed);
  });
});

describe('oneHot', () => {
  it('is the row of the identity', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 5 }), (labels) => {
        const x = np.array(labels, 'int32');
        expect(nn.oneHot(x, 5).js()).toEqual(np.take(np.eye(5), x, 0).js());
        expect(contents(nn.oneHot(x, 5, { axis: 0 }))).toEqual(contents(nn.oneHot(x, 5).T));
      }),
    );
    expect(nn.oneHot(np.array([7, -1], 'int32'), 2, { dtype: 'int32' }).js()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });
});
