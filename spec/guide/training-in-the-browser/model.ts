/** The model: a network of 64, 32 and 10 units that reads handwritten digits, and a step of its training. */
import { jit, nn, type NDArray, np, random, tree, valueAndGrad } from 'etalon';

export interface Layer {
  readonly w: NDArray;
  readonly b: NDArray;
}
export type Params = readonly Layer[];

/** What a step starts from and gives: the weights, and the momentum of each. */
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
const MOMENTUM = 0.9;

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
function logits(params: Params, images: NDArray): NDArray {
  const affine = (x: NDArray, { w, b }: Layer): NDArray => np.matmul(x, w).add(b);
  const hidden = params.slice(0, -1).reduce((x, layer) => nn.relu(affine(x, layer)), images);
  return affine(hidden, params.at(-1)!);
}

/** The mean cross entropy of scores. */
function crossEntropy(scores: NDArray, labels: NDArray): NDArray {
  const wanted = nn.oneHot(labels, CLASSES, { dtype: 'float32' });
  return np.sum(nn.logSoftmax(scores).mul(wanted), -1).mean().neg();
}

const loss = (params: Params, images: NDArray, labels: NDArray): NDArray =>
  crossEntropy(logits(params, images), labels);

/** One step of gradient descent with momentum. */
export function step(
  { params, velocity }: State,
  { images, labels }: Batch,
  rate: NDArray,
): { state: State; loss: NDArray } {
  const [value, gradient] = valueAndGrad(loss)(params, images, labels);
  const faster = tree.map((v: NDArray, g: NDArray) => v.mul(MOMENTUM).add(g), velocity, gradient);
  const moved = tree.map((p: NDArray, v: NDArray) => p.sub(v.mul(rate)), params, faster);
  return { state: { params: moved, velocity: faster }, loss: value };
}

/** Traced once per batch size. The old state's memory is given up to the new one. */
export const trainStep: typeof step = jit(step, { donateArgnums: 0 });

export interface Evaluation {
  readonly loss: NDArray;
  /** The share of images whose likeliest class is that of their label. */
  readonly accuracy: NDArray;
  /** f32[n,10]: how likely each class is. */
  readonly probabilities: NDArray;
}

function evaluation(params: Params, { images, labels }: Batch): Evaluation {
  const scores = logits(params, images);
  return {
    loss: crossEntropy(scores, labels),
    accuracy: np.mean(np.equal(np.argmax(scores, -1), labels)),
    probabilities: nn.softmax(scores),
  };
}
export const evaluate: typeof evaluation = jit(evaluation);
