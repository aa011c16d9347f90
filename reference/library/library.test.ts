/** Laws that hold for every function of the library, since each one is made of primitives only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents } from '../../conformance/testing/arrays.ts';
import { type ArrayLike, grad, jit, type NDArray, nn, np, vmap } from '../index.ts';

type F = (x: NDArray) => NDArray;

/** Smooth where the inputs of the test are: |x| in [0.2, 0.9], elements apart. */
const smooth: Readonly<Record<string, F>> = {
  add: (x) => np.add(x, np.flip(x)),
  subtract: (x) => np.subtract(2, x),
  multiply: (x) => np.multiply(x, np.flip(x)),
  divide: (x) => np.divide(x, np.flip(x)),
  remainder: (x) => np.mod(x, 0.7),
  power: (x) => np.power(np.abs(x), np.flip(x)),
  'integer power': (x) => np.power(x, 3),
  reciprocal: np.reciprocal,
  sqrt: (x) => np.sqrt(np.abs(x)),
  square: np.square,
  exp: np.exp,
  exp2: np.exp2,
  expm1: np.expm1,
  log: (x) => np.log(np.abs(x)),
  log2: (x) => np.log2(np.abs(x)),
  log10: (x) => np.log10(np.abs(x)),
  log1p: np.log1p,
  logaddexp: (x) => np.logaddexp(x, np.flip(x)),
  sin: np.sin,
  cos: np.cos,
  tan: np.tan,
  sinh: np.sinh,
  'sinh of large': (x) => np.sinh(np.multiply(x, 8)),
  cosh: np.cosh,
  tanh: np.tanh,
  hypot: (x) => np.hypot(x, np.flip(x)),
  maximum: (x) => np.maximum(x, 0.05),
  clip: (x) => np.clip(x, -0.5, 0.55),
  where: (x) => np.where(np.greater(x, 0), np.square(x), np.sin(x)),
  sum: (x) => np.sum(np.square(x), 0),
  prod: (x) => np.prod(x, 1),
  mean: (x) => np.mean(np.square(x), { axis: -1, keepdims: true }),
  max: (x) => np.max(x, 0),
  ptp: (x) => np.ptp(x),
  variance: (x) => np.var(x, 1),
  std: (x) => np.std(x, { correction: 1 }),
  cumsum: (x) => np.square(np.cumsum(x, 1)),
  diff: (x) => np.square(np.diff(x)),
  reshape: (x) => np.square(np.reshape(x, [-1])),
  moveaxis: (x) => np.square(np.moveaxis(x, 0, 1)),
  roll: (x) => np.multiply(x, np.roll(x, 1)),
  rot90: (x) => np.square(np.rot90(x)),
  concatenate: (x) => np.square(np.concatenate([x, x], 1)),
  stack: (x) => np.square(np.stack([x, x], -1)),
  split: (x) => np.square(np.split(x, [1], 1)[1]!),
  tile: (x) => np.square(np.tile(x, [2, 1])),
  repeat: (x) => np.square(np.repeat(x, 2, 1)),
  pad: (x) => np.square(np.pad(x, 1)),
  dot: (x) => np.dot(x, x.T),
  outer: (x) => np.outer(x, x),
  tensordot: (x) => np.tensordot(x, x, [[0], [0]]),
  kron: (x) => np.kron(x, np.sin(x)),
  trace: (x) => np.square(np.trace(x)),
  einsum: (x) => np.einsum('ij,kj->ik', x, np.exp(x)),
  take: (x) => np.square(np.take(x, np.array([0, 2, -1, 0], 'int32'), 1)),
  takeAlongAxis: (x) => np.square(np.takeAlongAxis(x, np.argmax(x, 1, { keepdims: true }), 1)),
  diag: (x) => np.square(np.diag(np.ravel(x))),
  tril: (x) => np.square(np.tril(x)),
  linspace: (x) => np.square(np.linspace(x, 2, 3)),
  relu: nn.relu,
  relu6: nn.relu6,
  softplus: nn.softplus,
  sigmoid: nn.sigmoid,
  logSigmoid: nn.logSigmoid,
  silu: nn.silu,
  mish: nn.mish,
  softSign: nn.softSign,
  hardTanh: nn.hardTanh,
  hardSilu: nn.hardSilu,
  squareplus: nn.squareplus,
  elu: nn.elu,
  celu: nn.celu,
  selu: nn.selu,
  leakyRelu: nn.leakyRelu,
  gelu: nn.gelu,
  'gelu with erf': (x) => nn.gelu(x, false),
  glu: (x) => nn.glu(np.concatenate([x, np.exp(x)], 1)),
  softmax: nn.softmax,
  logSoftmax: nn.logSoftmax,
  logsumexp: (x) => nn.logsumexp(x, 0),
  standardize: nn.standardize,
};

/** Piecewise constant, or not of floats. */
const constant: Readonly<Record<string, F>> = {
  floorDivide: (x) => np.floorDivide(x, 0.3),
  round: (x) => np.round(x, 1),
  trunc: np.trunc,
  heaviside: (x) => np.heaviside(x, 0.5),
  isclose: (x) => np.isclose(x, np.flip(x)),
  logicalXor: (x) => np.logicalXor(np.floor(x), x),
  argmax: (x) => np.argmax(x),
  countNonzero: (x) => np.countNonzero(np.floor(x), 1),
  any: (x) => np.any(np.greater(x, 0.5), 0),
  oneHot: (x) => nn.oneHot(np.astype(np.multiply(x, 5), 'int32'), 4),
};

/** Distinct numbers of either sign in ±[0.2, 0.9]. */
const inputs = fc
  .shuffledSubarray([0.21, 0.33, 0.41, 0.47, 0.58, 0.63, 0.76, 0.88], { minLength: 6, maxLength: 6 })
  .chain((sizes) => fc.tuple(...sizes.map((v) => fc.constantFrom(v, -v))));

const functions = Object.entries({ ...smooth, ...constant });

describe('every function', () => {
  it.each(functions)('%s: jit(f) is f', (_, f) => {
    fc.assert(
      fc.property(inputs, (values) => {
        const x = np.array(values, { shape: [2, 3] });
        expect(contents(jit(f)(x))).toEqual(contents(f(x)));
      }),
      { numRuns: 3 },
    );
  });

  it.each(functions)('%s: vmap(f) is f of each lane', (_, f) => {
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        const x = np.array([...a, ...b], { shape: [2, 2, 3] });
        const lanes = np.stack(np.unstack(x).map((lane) => f(lane)));
        expect(contents(vmap(f)(x))).toEqual(contents(lanes));
      }),
      { numRuns: 3 },
    );
  });

  it.each(Object.entries(smooth))('%s: the gradient is the slope', (_, f) => {
    const weighted = (x: NDArray): NDArray => {
      const y = f(x);
      return np.sum(np.multiply(np.ravel(y), np.cos(np.arange(y.size, null, 1, { dtype: 'float64' }))));
    };
    fc.assert(
      fc.property(inputs, inputs, (values, direction) => {
        const [x, v] = [values, direction].map((d) => np.array(d, { dtype: 'float64', shape: [2, 3] })) as [
          NDArray,
          NDArray,
        ];
        const along = np.vdot(grad(weighted)(x), v).item() as number;
        const at = (t: number): number => weighted(np.add(x, np.multiply(v, t))).item() as number;
        // Central differences of the fourth order: truncation of the order of h⁴, rounding of u/h.
        const h = 2 ** -11;
        const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        expect(Math.abs(along - slope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(at(0)), Math.abs(along)));
      }),
      { numRuns: 3 },
    );
  });
});

describe('derivatives at the edges', () => {
  const slope = (f: (x: NDArray) => NDArray, x: number): ArrayLike => grad(f)(x).item() as number;
  it.each<[string, F, number, number]>([
    ['relu at 0', nn.relu, 0, 0],
    ['relu6 at 6', nn.relu6, 6, 0],
    ['x² at 0', (x) => np.power(x, 2), 0, 0],
    ['max of a tie', (x) => np.maximum(x, 1), 1, 0.5],
    ['where, the other branch infinite', (x) => np.where(np.equal(x, 0), 1, np.multiply(x, 3)), 0, 0],
    ['prod with a zero', (x) => np.prod(np.array([x, np.add(x, 2), 3])), 0, 6],
    ['softplus of a large number', nn.softplus, 1000, 1],
    ['softplus of a large negative number', nn.softplus, -1000, 0],
    ['sinh at 0', np.sinh, 0, 1],
    ['elu of a number whose exponential overflows', nn.elu, 1000, 1],
    ['logaddexp of equal numbers', (x) => np.logaddexp(x, 2), 2, 0.5],
    ['abs at 0', np.abs, 0, 0],
  ])('%s', (_, f, at, expected) => {
    expect(slope(f, at)).toBe(expected);
  });

  it('cosh has its second derivative at 0', () => {
    expect(grad(grad(np.cosh))(0).item()).toBe(1);
  });
});
