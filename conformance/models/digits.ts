/**
 * The suite's model on real input: a small network that reads handwritten digits (fixtures/digits.npz, the UCI images
 * of 8×8 pixels that scikit-learn ships). The suite trains it on the reference and on each backend, the same program
 * with the same key, and compares them step by step.
 */
import { readFileSync } from 'node:fs';
import { jit, nn, type NDArray, np, random, tree, valueAndGrad } from '../../reference/index.ts';
import { ConcreteArray } from '../../reference/core/array.ts';
import { readNpz } from '../npz.ts';
import { packageFile } from '../package.ts';

export interface Layer {
  readonly w: NDArray;
  readonly b: NDArray;
}
export type Params = readonly Layer[];

/** What a step of training starts from and gives: the weights, and the momentum of each. */
export interface State {
  readonly params: Params;
  readonly velocity: Params;
}

export interface Batch {
  /** f32[n,64], pixels in [0, 1]. */
  readonly images: NDArray;
  /** i32[n]. */
  readonly labels: NDArray;
}

const CLASSES = 10;
const SIZES = [64, 32, CLASSES];
const BATCH = 64;
const MOMENTUM = 0.9;
/** Falls to 0 in equal steps over the training. */
const LEARNING_RATE = 0.2;
export const EPOCHS = 12;
/** The share of held-out digits that a trained network has to read. */
export const REQUIRED_ACCURACY = 0.97;

/** Weights of variance 2/inputs (He et al. 2015), biases 0, momenta 0. */
export function init(key: NDArray): State {
  const params = SIZES.slice(1).map((outputs, i): Layer => {
    const inputs = SIZES[i]!;
    const w = random.normal(random.foldIn(key, i), [inputs, outputs], 'float32');
    return { w: np.multiply(w, Math.sqrt(2 / inputs)), b: np.zeros([outputs], 'float32') };
  });
  return { params, velocity: tree.map((p: NDArray) => np.zerosLike(p), params) };
}

/** One score per class and image. */
export function logits(params: Params, images: NDArray): NDArray {
  const affine = (x: NDArray, { w, b }: Layer): NDArray => np.matmul(x, w).add(b);
  const hidden = params.slice(0, -1).reduce((x, layer) => nn.relu(affine(x, layer)), images);
  return affine(hidden, params.at(-1)!);
}

/** The mean cross entropy. */
export function loss(params: Params, images: NDArray, labels: NDArray): NDArray {
  const wanted = nn.oneHot(labels, CLASSES, { dtype: 'float32' });
  return np
    .sum(nn.logSoftmax(logits(params, images)).mul(wanted), -1)
    .mean()
    .neg();
}

/** One step of gradient descent with momentum. */
function step({ params, velocity }: State, { images, labels }: Batch, rate: NDArray): { state: State; loss: NDArray } {
  const [value, gradient] = valueAndGrad(loss)(params, images, labels);
  const faster = tree.map((v: NDArray, g: NDArray) => v.mul(MOMENTUM).add(g), velocity, gradient);
  const moved = tree.map((p: NDArray, v: NDArray) => p.sub(v.mul(rate)), params, faster);
  return { state: { params: moved, velocity: faster }, loss: value };
}
export const trainStep: typeof step = jit(step);

/** The share of images whose largest score is that of their label. */
function accuracyOf(params: Params, images: NDArray, labels: NDArray): NDArray {
  return np.mean(np.equal(np.argmax(logits(params, images), -1), labels));
}
export const accuracy: typeof accuracyOf = jit(accuracyOf);

export interface Digits {
  readonly train: Batch;
  readonly test: Batch;
}

/** The images as vectors. Like every array from numbers they live on no backend until they meet one. */
export function loadDigits(): Digits {
  const arrays = readNpz(readFileSync(packageFile('fixtures/digits.npz')));
  const part = (name: string): Batch => {
    const images = arrays.get(`${name}/images`)!;
    const labels = arrays.get(`${name}/labels`)!;
    return {
      images: ConcreteArray.fromHost({ ...images, shape: [images.shape[0]!, SIZES[0]!] }),
      labels: ConcreteArray.fromHost(labels),
    };
  };
  return { train: part('train'), test: part('test') };
}

/** The steps of the training in order: full batches in the file's order (it is random), and the rate of each. */
export function* schedule(
  { train }: Digits,
  epochs: number = EPOCHS,
): Generator<{ readonly batch: Batch; readonly rate: NDArray }> {
  const batches = Math.floor(train.labels.size / BATCH);
  const steps = epochs * batches;
  for (let i = 0; i < steps; i++) {
    const start = (i % batches) * BATCH;
    const batch = { images: rows(train.images, start), labels: rows(train.labels, start) };
    yield { batch, rate: np.array(LEARNING_RATE * (1 - i / steps), 'float32') };
  }
}

/** The BATCH rows from `start` on, cut out on the host, where the images are. */
function rows(x: NDArray, start: number): NDArray {
  const { dtype, shape, data } = (x as ConcreteArray).toHost();
  const row = x.size / shape[0]!;
  return ConcreteArray.fromHost({
    dtype,
    shape: [BATCH, ...shape.slice(1)],
    data: data.slice(start * row, (start + BATCH) * row),
  });
}
