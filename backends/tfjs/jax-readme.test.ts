/** The programs of JAX's README (spec/guide/jax-readme.md) with an engine as the default backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ulpDistance } from '../../conformance/ulp.ts';
import {
  type Backend,
  backend,
  devicePut,
  errors,
  grad,
  jit,
  type NDArray,
  np,
  random,
  reference,
  setDefaultBackend,
  tree,
  vmap,
} from '../../reference/index.ts';

type Layer = readonly [W: NDArray, b: NDArray];

describe.each(['tfjs:wasm', 'tfjs:cpu'])('%s', (name) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await backend(name);
    setDefaultBackend(engine);
  });
  afterAll(() => setDefaultBackend(reference));

  test('per-example gradients add up to the gradient of the sum', () => {
    const predict = (params: readonly Layer[], inputs: NDArray): NDArray =>
      params.reduce((x, [W, b]) => np.tanh(np.dot(x, W).add(b)), inputs);
    const loss = (params: readonly Layer[], inputs: NDArray, targets: NDArray): NDArray =>
      np.square(predict(params, inputs).sub(targets)).sum();
    const layer = (seed: number, sizes: readonly [number, number]): Layer => [
      random.normal(random.key(seed), sizes),
      np.zeros([sizes[1]]),
    ];
    const params = [layer(0, [2, 3]), layer(1, [3, 1])];
    const inputs = np.array([[1, 0], [0, 1], [1, 1]]); // prettier-ignore
    const targets = np.array([[0], [1], [0]]);

    const whole = jit(grad(loss))(params, inputs, targets);
    const perExample = jit(vmap(grad(loss), { inAxes: [null, 0, 0] }))(params, inputs, targets);
    expect(tree.leaves(perExample).map((x) => (x as NDArray).shape)).toEqual([[3, 2, 3], [3, 3], [3, 3, 1], [3, 1]]); // prettier-ignore
    const close = tree.map((x: NDArray, y: NDArray) => np.allclose(np.sum(x, 0), y), perExample, whole);
    expect(tree.leaves(close).map((x) => (x as NDArray).item())).toEqual([true, true, true, true]);
  });

  test('the derivatives of tanh', () => {
    const first = grad(np.tanh);
    const second = grad(first);
    const values = [first, second, grad(second)].map((f) => f(1).item() as number);
    const t = Math.tanh(1);
    const d = 1 - t * t;
    [d, -2 * t * d, d * (6 * t * t - 2)].forEach((exact, i) => {
      // Each is at most ten products and sums of numbers up to 4, each rounded.
      expect(Math.abs(values[i]! - exact)).toBeLessThan(10 * 4 * 2 ** -24);
    });
  });

  test('control flow of JavaScript', () => {
    const absVal = (x: NDArray): NDArray => ((x.item() as number) > 0 ? x : x.neg());
    expect([grad(absVal)(1).item(), grad(absVal)(-1).item()]).toEqual([1, -1]);
  });

  test('logistic regression', () => {
    const inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.3], [0.74, -2.49, 1.39]]); // prettier-ignore
    const targets = np.array([true, true, false, true]);
    const loss = (weights: NDArray): NDArray => {
      const p = np.tanh(np.dot(inputs, weights).div(2)).add(1).div(2);
      return np.log(np.where(targets, p, np.array(1).sub(p))).sum().neg(); // prettier-ignore
    };
    let weights = np.zeros([3]);
    const first = loss(weights);
    const gradient = jit(grad(loss));
    for (let i = 0; i < 100; i++) weights = weights.sub(gradient(weights).mul(0.1));
    expect([first, loss(weights)].map((x) => (x.item() as number).toFixed(2))).toEqual(['2.77', '0.17']);
  });

  test('random numbers', () => {
    const bits = random.bits(random.key(0), [1000]);
    setDefaultBackend(reference);
    const same = random.bits(random.key(0), [1000]);
    setDefaultBackend(engine);
    expect(bits.dataSync()).toEqual(same.dataSync());
    const drawn = random.normal(random.key(0), [3]).js() as number[];
    [1.8160863, -0.48262316, 0.33988908].forEach((printed, i) => {
      expect(ulpDistance(drawn[i]!, Math.fround(printed), 'float32')).toBeLessThanOrEqual(4);
    });
  });

  test('arrays that nobody has put anywhere go where the others are', () => {
    setDefaultBackend(reference);
    const loose = np.ones([3]).add(random.uniform(random.key(0), [3]));
    const onEngine = jit((x: NDArray) => x.mul(2), { backend: engine });
    const doubled = onEngine(loose);
    setDefaultBackend(engine);
    expect(doubled.sub(loose).js()).toEqual(loose.js());
    expect(doubled.div(np.onesLike(doubled)).js()).toEqual(doubled.js());
    const x = devicePut(loose, reference);
    expect(() => onEngine(x)).toThrow(errors.MixedBackendsError);
    expect(() => doubled.add(x)).toThrow(errors.MixedBackendsError);
    expect(onEngine(devicePut(x, engine)).js()).toEqual(doubled.js());
  });
});
