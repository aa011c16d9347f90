/** Cases of the models on real data: single steps from the reference's state, and a whole training. */
import type { ConcreteArray } from '../../reference/core/array.ts';
import type { HostArray } from '../../reference/core/host.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { makeJaxpr, random, tree } from '../../reference/index.ts';
import { laws } from '../laws/index.ts';
import { judgeTraining } from '../laws/training.ts';
import { accuracy, init, loadDigits, schedule, trainStep } from '../models/digits.ts';
import { type Case, caseId, contentHash, lawCase, type Unit, unitKey } from './case.ts';
import type { Sample } from './sample.ts';

/** Steps that are compared: the first ones, and some later. */
const COMPARED_STEPS = [0, 1, 10, 40];
/** The key of the model's first weights; its trained accuracy is a fact about this one. */
const KEY = 0;

export function* modelUnits(): Generator<Unit> {
  const about = { group: 'models', subject: 'digits', dtype: 'float32', transformation: 'jit' } as const;
  const steps = unitKey('digits', 'float32', 'train-step');
  yield { ...about, key: steps, law: 'value', planned: COMPARED_STEPS.length, cases: () => stepCases(steps) };
  const training = unitKey('digits', 'float32', 'training');
  yield { ...about, key: training, law: 'training', planned: 1, cases: () => [trainingCase(training)] };
}

const hosts = (of: unknown): HostArray[] => (tree.leaves(of) as NDArray[]).map((x) => (x as ConcreteArray).toHost());

function* stepCases(key: string): Generator<Case> {
  let state = init(random.key(KEY));
  let index = 0;
  for (const { batch, rate } of schedule(loadDigits())) {
    if (COMPARED_STEPS.includes(index)) {
      const jaxpr = makeJaxpr(trainStep)(state, batch, rate);
      const inputs = hosts([state, batch, rate]);
      yield lawCase(key, `step-${index}`, laws.value, { jaxpr, inputs, active: [] }, [key, index]);
    }
    if (index++ === COMPARED_STEPS.at(-1)) return;
    state = trainStep(state, batch, rate).state;
  }
}

/** A step of the training and a test: every equation that the whole of it runs. */
function everything(): Sample {
  const digits = loadDigits();
  const state = init(random.key(KEY));
  const [first] = schedule(digits);
  const { batch, rate } = first!;
  const { images, labels } = digits.test;
  const whole = (...[s, b, r, x, y]: [typeof state, typeof batch, typeof rate, NDArray, NDArray]): unknown => [
    trainStep(s, b, r),
    accuracy(s.params, x, y),
  ];
  const jaxpr = makeJaxpr(whole)(state, batch, rate, images, labels);
  return { jaxpr, inputs: hosts([state, batch, rate, images, labels]), active: [] };
}

function trainingCase(key: string): Case {
  const content = contentHash(key, String(KEY));
  return {
    id: caseId(key, 'accuracy', content),
    content,
    variant: 'accuracy',
    sample: everything(),
    check: (bench) => judgeTraining(bench, KEY),
  };
}
