/**
 * What `wgsl`, jax-js and TensorFlow.js are timed at (spec/conformance.md#bench): each function three times, as each of
 * them would write it.
 */
import type * as JaxModule from '@jax-js/jax';
import type * as TfModule from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { HostArray, Shape } from '../../../reference/core/host.ts';
import { lax, nn, type NDArray, np, valueAndGrad } from '../../../reference/index.ts';
import { integers, scaled, total, uniform } from './inputs.ts';

/** The modules of the packages. */
export type Jax = typeof JaxModule;
export type Tf = typeof TfModule;
type JaxArray = InstanceType<Jax['Array']>;

/** A function in one dialect: of arrays, to one or several. */
export type Fn<T> = (...xs: T[]) => T | readonly T[];

/**
 * How results are known to be right: a few lines along some axes of inputs and results are the same problem, of which the
 * error bounds are known; or they are known exactly.
 */
export type Check =
  | { readonly inputs: readonly Shape[]; readonly results: readonly Shape[] }
  | { readonly expected: (...inputs: HostArray[]) => readonly HostArray[] };

/** Axes in another order, by input or result; null: as they are. */
export type Orders = readonly (Shape | null)[];

export interface Row {
  readonly name: string;
  /** What is computed, in words. */
  readonly work: string;
  inputs(): readonly HostArray[];
  readonly etalon: Fn<NDArray>;
  readonly jaxjs: (jax: Jax) => Fn<JaxArray>;
  readonly tfjs: (tf: Tf) => Fn<Tensor>;
  readonly check: Check;
  /** The order of axes that jax-js needs. */
  readonly jaxjsOrders?: { readonly inputs: Orders; readonly results: Orders };
  /** Floating-point operations, where their rate means something. */
  readonly flops?: number;
  /** Only measured on GPUs: on a CPU it would take minutes. */
  readonly onGpu?: true;
}

// ---- elementwise, sums

const SIDE = 5000;
const square = (): HostArray => uniform([SIDE, SIDE], 1);
/** Coefficients of a polynomial: evaluated by Horner's rule, ten products and ten sums. */
const COEFFICIENTS = Array.from({ length: 10 }, (_, i) => 1 / (i + 2));

const alongRows: Check = { inputs: [[0]], results: [[0]] };

const elementwise: readonly Row[] = [
  {
    name: 'wgsl/square-plus',
    work: 'x·x + 2x, 5000²',
    inputs: () => [square()],
    etalon: (x) => x.mul(x).add(x.mul(2)),
    jaxjs: () => (x) => x.ref.mul(x.ref).add(x.mul(2)),
    tfjs: (tf) => (x) => tf.add(tf.mul(x, x), tf.mul(x, 2)),
    check: alongRows,
  },
  {
    name: 'wgsl/chain',
    work: '20 operations in a row, 5000²',
    inputs: () => [square()],
    etalon: (x) => COEFFICIENTS.reduce((y: NDArray, c) => y.mul(x).add(c), x),
    jaxjs: () => (x) => {
      const y = COEFFICIENTS.reduce((sum: JaxArray, c) => sum.mul(x.ref).add(c), x.ref);
      x.dispose();
      return y;
    },
    tfjs: (tf) => (x) => COEFFICIENTS.reduce((y: Tensor, c) => tf.add(tf.mul(y, x), c), x),
    check: alongRows,
  },
  {
    name: 'wgsl/sum',
    work: 'sum of 5000²',
    inputs: () => [integers([SIDE, SIDE], 2)],
    etalon: (x) => x.sum(),
    jaxjs: () => (x) => x.sum(),
    tfjs: (tf) => (x) => tf.sum(x),
    check: { expected: (x) => [total(x)] },
  },
  ...[0, 1].map((axis): Row => ({
    name: `wgsl/sum-${axis}`,
    work: `sums of 5000² along axis ${axis}`,
    inputs: () => [square()],
    etalon: (x) => x.sum(axis),
    jaxjs: () => (x) => x.sum(axis),
    tfjs: (tf) => (x) => tf.sum(x, axis),
    check: { inputs: [[1 - axis]], results: [[0]] },
  })),
];

// ---- products

const matmul = (n: number): Row => ({
  name: `wgsl/matmul-${n}`,
  work: `[${n}, ${n}]·[${n}, ${n}]`,
  inputs: () => [uniform([n, n], 3), uniform([n, n], 4)],
  etalon: (x, y) => np.matmul(x, y),
  jaxjs: (jax) => (x, y) => jax.numpy.matmul(x, y),
  tfjs: (tf) => (x, y) => tf.matMul(x, y),
  check: { inputs: [[0], [1]], results: [[0, 1]] },
  flops: 2 * n ** 3,
});

// ---- along rows

const ROWS: Shape = [4096, 1024];
const features = (seed: number): HostArray => uniform([ROWS[1]!], seed);

const alongAxes: readonly Row[] = [
  {
    name: 'wgsl/softmax',
    work: 'of 4096 rows of 1024',
    inputs: () => [scaled(uniform(ROWS, 5), 5)],
    etalon: (x) => nn.softmax(x, -1),
    jaxjs: (jax) => (x) => jax.nn.softmax(x, -1),
    tfjs: (tf) => (x) => tf.softmax(x),
    check: alongRows,
  },
  {
    name: 'wgsl/layernorm',
    work: 'of 4096 rows of 1024, scaled and shifted',
    inputs: () => [uniform(ROWS, 6), features(7), features(8)],
    etalon: (x, scale, shift) => nn.standardize(x, -1).mul(scale).add(shift),
    jaxjs: (jax) => (x, scale, shift) => jax.nn.standardize(x, -1).mul(scale).add(shift),
    tfjs: (tf) => (x, scale, shift) => {
      const { mean, variance } = tf.moments(x, -1, true);
      const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
      return tf.add(tf.mul(normal, scale), shift);
    },
    check: { inputs: [[0], [], []], results: [[0]] },
  },
  {
    name: 'wgsl/cumsum',
    work: 'along 1000 rows of 1000', // rows of 5000 make jax-js 0.1.25 lose the device on SwiftShader
    inputs: () => [uniform([1000, 1000], 9)],
    etalon: (x) => np.cumsum(x, 1),
    jaxjs: (jax) => (x) => jax.numpy.cumsum(x, 1),
    tfjs: (tf) => (x) => tf.cumsum(x, 1),
    check: alongRows,
  },
  {
    name: 'wgsl/sort',
    work: '65,536 in a row', // which take jax-js 0.1.25 seconds
    inputs: () => [uniform([65_536], 10)],
    etalon: (x) => np.sort(x),
    jaxjs: (jax) => (x) => jax.numpy.sort(x),
    tfjs: (tf) => (x) => tf.reverse(tf.topk(x, 65_536).values), // it has no sort
    check: { expected: (x) => [{ ...x, data: (x.data as Float32Array).toSorted() }] },
  },
];

// ---- steps of training

const RATE = 0.1;
const BATCH = 128;
const PIXELS = 784;
const HIDDEN = 256;
const CLASSES = 10;

/** Rows with a 1 each. */
const labels = (n: number): HostArray => {
  const data = new Float32Array(n * CLASSES);
  for (let i = 0; i < n; i++) data[i * CLASSES + ((i * 7) % CLASSES)] = 1;
  return { dtype: 'float32', shape: [n, CLASSES], data };
};

const crossEntropy = (scores: NDArray, wanted: NDArray): NDArray =>
  nn.logSoftmax(scores, -1).mul(wanted).sum(-1).mean().neg();
const jaxCrossEntropy = (jax: Jax, scores: JaxArray, wanted: JaxArray): JaxArray =>
  jax.nn.logSoftmax(scores, -1).mul(wanted).sum(-1).mean().neg();

/** The parameters after a step of gradient descent, and the loss before it. */
const etalonStep =
  (count: number, loss: Fn<NDArray>): Fn<NDArray> =>
  (...xs) => {
    const numbers = Array.from({ length: count }, (_, i) => i);
    const [value, gradients] = valueAndGrad(loss as (...xs: NDArray[]) => NDArray, { argnums: numbers })(...xs);
    return [...numbers.map((i) => xs[i]!.sub(gradients[i]!.mul(RATE))), value];
  };

const jaxStep =
  (jax: Jax, count: number, loss: Fn<JaxArray>): Fn<JaxArray> =>
  (...xs) => {
    const argnums = Array.from({ length: count }, (_, i) => i);
    const operands = xs.map((x, i) => (i < count ? x.ref : x));
    const [value, gradients] = jax.valueAndGrad(loss as (...ys: JaxArray[]) => JaxArray, { argnums })(...operands);
    return [...argnums.map((i) => xs[i]!.sub(gradients[i]!.mul(RATE))), value];
  };

const tfStep =
  (tf: Tf, count: number, loss: Fn<Tensor>): Fn<Tensor> =>
  (...xs) => {
    const data = xs.slice(count);
    const parameters = xs.slice(0, count);
    const own = (...weights: Tensor[]): Tensor => loss(...weights, ...data) as Tensor;
    const { value, grads } = tf.valueAndGrads(own)(parameters);
    return [...parameters.map((p, i) => tf.sub(p, tf.mul(grads[i]!, RATE))), value];
  };

const mlp: Row = {
  name: 'wgsl/mlp-step',
  work: `${PIXELS}-${HIDDEN}-${CLASSES}, ${BATCH} examples`,
  inputs: () => [
    scaled(uniform([PIXELS, HIDDEN], 11), Math.sqrt(6 / PIXELS)),
    uniform([HIDDEN], 12, 0, 0.1),
    scaled(uniform([HIDDEN, CLASSES], 13), Math.sqrt(6 / HIDDEN)),
    uniform([CLASSES], 14, 0, 0.1),
    uniform([BATCH, PIXELS], 15, 0, 1),
    labels(BATCH),
  ],
  etalon: etalonStep(4, (w1, b1, w2, b2, x, y) => {
    const hidden = nn.relu(np.matmul(x, w1).add(b1));
    return crossEntropy(np.matmul(hidden, w2).add(b2), y);
  }),
  jaxjs: (jax) =>
    jaxStep(jax, 4, (w1, b1, w2, b2, x, y) => {
      const hidden = jax.nn.relu(jax.numpy.matmul(x, w1).add(b1));
      return jaxCrossEntropy(jax, jax.numpy.matmul(hidden, w2).add(b2), y);
    }),
  tfjs: (tf) =>
    tfStep(tf, 4, (w1, b1, w2, b2, x, y) => {
      const hidden = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: 'relu' });
      return tf.losses.softmaxCrossEntropy(y, tf.fused.matMul({ a: hidden, b: w2, bias: b2 }));
    }),
  check: { inputs: [], results: [] },
};

const IMAGES = 32;
const FILTERS = [16, 32] as const;
const LAYOUT: [string, string, string] = ['NHWC', 'HWIO', 'NHWC'];
/** The order of axes of images and filters that jax-js takes. */
const NCHW: Shape = [0, 3, 1, 2];
const OIHW: Shape = [3, 2, 0, 1];
const filterOrders: Orders = [OIHW, null, OIHW, null, null, null];

/** Two convolutions, the second one of stride 2, the mean over all places, and an affine layer. */
const convolutional: Row = {
  name: 'wgsl/conv-step',
  work: `3×3 to ${FILTERS.join(' and ')} channels of ${IMAGES} images of 28×28`,
  inputs: () => [
    scaled(uniform([3, 3, 1, FILTERS[0]], 16), Math.sqrt(6 / 9)),
    uniform([FILTERS[0]], 17, 0, 0.1),
    scaled(uniform([3, 3, ...FILTERS], 18), Math.sqrt(6 / (9 * FILTERS[0]))),
    uniform([FILTERS[1]], 19, 0, 0.1),
    scaled(uniform([FILTERS[1], CLASSES], 20), Math.sqrt(6 / FILTERS[1])),
    uniform([CLASSES], 21, 0, 0.1),
    uniform([IMAGES, 28, 28, 1], 22, 0, 1),
    labels(IMAGES),
  ],
  etalon: etalonStep(6, (f1, b1, f2, b2, w, b, x, y) => {
    const conv = (at: NDArray, f: NDArray, bias: NDArray, stride: number): NDArray =>
      nn.relu(lax.convGeneralDilated(at, f, [stride, stride], 'SAME', { dimensionNumbers: LAYOUT }).add(bias));
    const places = conv(conv(x, f1, b1, 1), f2, b2, 2);
    return crossEntropy(np.matmul(places.mean([1, 2]), w).add(b), y);
  }),
  jaxjs: (jax) =>
    jaxStep(jax, 6, (f1, b1, f2, b2, w, b, x, y) => {
      const conv = (at: JaxArray, f: JaxArray, bias: JaxArray, stride: number): JaxArray =>
        jax.nn.relu(jax.lax.convGeneralDilated(at, f, [stride, stride], 'SAME').add(bias.reshape([-1, 1, 1])));
      const places = conv(conv(x, f1, b1, 1), f2, b2, 2);
      return jaxCrossEntropy(jax, jax.numpy.matmul(places.mean([2, 3]), w).add(b), y);
    }),
  tfjs: (tf) =>
    tfStep(tf, 6, (f1, b1, f2, b2, w, b, x, y) => {
      const conv = (at: Tensor, filter: Tensor, bias: Tensor, strides: number): Tensor =>
        tf.fused.conv2d({
          ...{ x: at as Tensor4D, filter: filter as Tensor4D, strides, pad: 'same', bias },
          activation: 'relu',
        });
      const places = conv(conv(x, f1, b1, 1), f2, b2, 2);
      return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(tf.mean(places, [1, 2]), w), b));
    }),
  check: { inputs: [], results: [] },
  jaxjsOrders: { inputs: [...filterOrders, NCHW, null], results: filterOrders },
};

export const rows: readonly Row[] = [
  ...elementwise,
  matmul(256),
  matmul(512),
  mlp,
  convolutional,
  ...alongAxes,
  { ...matmul(4096), onGpu: true },
];
