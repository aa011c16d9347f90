/** A model that is trained on the backend learns: it reads held-out digits as well as the specification demands. */
import { devicePut, random } from '../../reference/index.ts';
import type { Bench } from '../bench.ts';
import { accuracy, init, loadDigits, REQUIRED_ACCURACY, schedule, trainStep } from '../models/digits.ts';
import type { Judgement } from './law.ts';

export async function judgeTraining(bench: Bench, seed: number): Promise<Judgement> {
  const digits = loadDigits();
  let state = devicePut(init(random.key(seed)), bench.backend);
  for (const { batch, rate } of schedule(digits)) {
    state = trainStep(state, devicePut(batch, bench.backend), devicePut(rate, bench.backend)).state;
    await new Promise((resolve) => setImmediate(resolve)); // the arrays of earlier steps are freed between macrotasks
  }
  const { images, labels } = devicePut(digits.test, bench.backend);
  const [reached] = await accuracy(state.params, images, labels).data();
  const share = Number(reached);
  const none = { element: null, jaxpr: null, inputs: [], expected: [], got: null, budgets: [], source: null };
  const message = `the trained model reads ${(100 * share).toFixed(1)} % of the held-out digits, ${100 * REQUIRED_ACCURACY} % are demanded`;
  return {
    compared: 1,
    uncompared: 0,
    measured: null,
    wrong: share >= REQUIRED_ACCURACY ? null : { message, ...none },
  };
}
