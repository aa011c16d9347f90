/** A training on one backend, in rounds. It knows nothing of the page. */
import { type Backend, devicePut, type NDArray, random } from 'etalon';
import { batchOf, type Digits } from './data.ts';
import { type Batch, evaluate, init, type State, trainStep } from './model.ts';

/** Steps to a round. What is read once a round costs little; the curves of what is held out have a point for each. */
export const STEPS = 10;

export interface Settings {
  readonly learningRate: number;
  readonly batchSize: number;
}

/** What is known of the images that are held out. */
export interface HeldOut {
  readonly loss: number;
  readonly accuracy: number;
  /** Ten for each image. */
  readonly probabilities: Float32Array;
}

export class Training {
  readonly #backend: Backend;
  readonly #digits: Digits;
  readonly #heldOut: Batch;
  /** The first image of the next batch. */
  #next = 0;
  state: State;
  steps = 0;

  /** Every training starts from the same weights. */
  constructor(backend: Backend, digits: Digits) {
    this.#backend = backend;
    this.#digits = digits;
    this.#heldOut = devicePut(batchOf(digits.heldOut, 0, digits.heldOut.labels.length), backend);
    this.state = devicePut(init(random.key(0)), backend);
  }

  /** One step; its loss is still to be computed when this returns. */
  step({ learningRate, batchSize }: Settings): NDArray {
    const { train } = this.#digits;
    if (this.#next + batchSize > train.labels.length) this.#next = 0; // the last images are less than a batch
    const batch = devicePut(batchOf(train, this.#next, batchSize), this.#backend);
    this.#next += batchSize;
    this.steps++;
    const { state, loss } = trainStep(this.state, batch, devicePut(learningRate, this.#backend));
    this.state = state;
    return loss;
  }

  /** A round, all of which is asked for before anything is waited for. */
  async round(settings: Settings): Promise<{ readonly losses: readonly number[]; readonly heldOut: HeldOut }> {
    const losses = Array.from({ length: STEPS }, () => this.step(settings));
    const heldOut = this.evaluate();
    return { losses: await Promise.all(losses.map(numberOf)), heldOut: await heldOut };
  }

  async evaluate(): Promise<HeldOut> {
    const { loss, accuracy, probabilities } = evaluate(this.state.params, this.#heldOut);
    return {
      loss: await numberOf(loss),
      accuracy: await numberOf(accuracy),
      probabilities: (await probabilities.data()) as Float32Array,
    };
  }
}

const numberOf = async (x: NDArray): Promise<number> => Number((await x.data())[0]);
