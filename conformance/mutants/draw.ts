/** Faults drawn by seed from operator × primitive × dtype × place, each with a witness. */
import fc from 'fast-check';
import { type DType, isInexact } from '../../reference/core/dtypes.ts';
import { avalOf } from '../../reference/core/host.ts';
import {
  type AnyFirstOrder,
  type AnyHigherOrder,
  type AnyPrimitive,
  type Call,
  type Params,
  SHAPE_CLASSES,
} from '../../reference/core/primitive.ts';
import { bind } from '../../reference/core/trace.ts';
import { higherOrder, primitives } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { makeGen } from '../programs/gen.ts';
import { RECIPES } from '../programs/higher-order.ts';
import { RandomStream } from '../programs/random-stream.ts';
import { callSample, jitted, NotApplicable, type Sample } from '../programs/sample.ts';
import {
  type Fault,
  kernelFault,
  loopFault,
  type Place,
  PLACES,
  ruleFault,
  sessionFault,
  transformationFault,
} from './fault.ts';
import { LOOP_OPERATORS } from './loops.ts';
import { NUMBER_OPERATORS } from './numbers.ts';
import type { KernelOperator } from './operator.ts';
import { PLACE_OPERATORS } from './places.ts';
import { RULE_OPERATORS, TRANSFORMATION_OPERATORS } from './rules.ts';
import { SESSION_OPERATORS } from './sessions.ts';

/** A fault that may yet turn out to be none. */
type Candidate = () => { readonly fault: Fault; readonly samples: Iterable<readonly Sample[]> } | null;

const FIRST_ORDER = Object.values<AnyFirstOrder>(primitives);
const HIGHER = Object.values<AnyHigherOrder>(higherOrder);
const SOME_DTYPES: readonly DType[] = ['float32', 'float64', 'complex64', 'int32', 'bfloat16'];

/** Of what is drawn, so much is of each kind. */
const SHARES: readonly (readonly [share: number, draw: (random: RandomStream) => Candidate])[] = [
  [0.38, (random) => kernelCandidate(random.pick(NUMBER_OPERATORS), random)],
  [0.32, (random) => kernelCandidate(random.pick(PLACE_OPERATORS), random)],
  [0.08, loopCandidate],
  [0.16, ruleCandidate],
  [0.03, transformationCandidate],
  [0.03, (random) => sessionCandidate(random.below(SESSION_OPERATORS.length))],
];

/** How many calls are tried before a candidate is said to be none. */
const TRIES = 12;

/** `count` different faults, always the same ones for a seed. */
export async function drawFaults(seed: number, count: number): Promise<Fault[]> {
  const random = new RandomStream(seed, 'faults');
  const found = new Map<string, Fault>();
  while (found.size < count) {
    const at = random.unit();
    let below = 0;
    const [, draw] = SHARES.find(([share]) => at < (below += share)) ?? SHARES[0]!;
    const candidate = draw(random)();
    if (candidate === null || found.has(candidate.fault.id)) continue;
    if (await isProved(candidate)) found.set(candidate.fault.id, candidate.fault);
  }
  return [...found.values()];
}

async function isProved({ fault, samples }: NonNullable<ReturnType<Candidate>>): Promise<boolean> {
  for (const those of samples) {
    const differs = await fault.differsOn(those).catch((error: unknown) => {
      if (error instanceof NotApplicable) return false;
      throw error;
    });
    if (differs) return true;
  }
  return false;
}

// ---- first-order primitives

/** Valid calls that the suite does not draw: with seeds of their own. */
function* callsOf(primitive: AnyFirstOrder, dtype: DType, seed: number): Generator<Sample> {
  for (const shapeClass of SHAPE_CLASSES) {
    const calls = primitive.cases(makeGen(fc, dtype, shapeClass)) as fc.Arbitrary<Call<Params>>;
    for (const call of fc.sample(calls, { seed, numRuns: TRIES })) yield callSample(primitive, call);
  }
}

/** The call where a fault at that place shows. */
function placed(sample: Sample, place: Place): Sample {
  if (place === 'everywhere' || sample.inputs.length === 0) return sample;
  if (place === 'in-nested-programs') return jitted(sample);
  const { jaxpr, inputs } = sample;
  const beside = t.trace(
    (...xs) => [...t.evaluate(jaxpr, xs), ...bind(primitives.stop_gradient, [xs[0]!], {})],
    inputs.map(avalOf),
  );
  return { ...sample, jaxpr: beside };
}

function kernelCandidate(operator: KernelOperator, random: RandomStream): Candidate {
  const fitting = FIRST_ORDER.flatMap((p) => p.dtypes.filter((d) => operator.fits(p, d)).map((d) => [p, d] as const));
  const names = [...new Set(fitting.map(([p]) => p.name))];
  const name = random.pick(names);
  const [primitive, dtype] = random.pick(fitting.filter(([p]) => p.name === name));
  const place = random.chance(0.7) ? 'everywhere' : random.pick(PLACES);
  const seed = random.below(2 ** 31);
  return () => ({
    fault: kernelFault(operator, primitive, dtype, place),
    samples: witnesses(callsOf(primitive, dtype, seed), place),
  });
}

function* witnesses(calls: Iterable<Sample>, place: Place): Generator<readonly Sample[]> {
  for (const call of calls) yield [placed(call, place)];
}

// ---- higher-order primitives

function* recipesOf(name: string, dtype: DType, seed: number): Generator<Sample> {
  for (const recipe of RECIPES) {
    if (recipe.subject !== name || !recipe.dtypes.includes(dtype)) continue;
    for (let i = 0; i < TRIES; i++) yield recipe.make(dtype, new RandomStream(seed, i));
  }
}

const alone = function* (samples: Iterable<Sample>): Generator<readonly Sample[]> {
  for (const sample of samples) yield [sample];
};

function loopCandidate(random: RandomStream): Candidate {
  const operator = random.pick(LOOP_OPERATORS);
  const name = random.pick(operator.of);
  const dtype = random.pick(SOME_DTYPES);
  const seed = random.below(2 ** 31);
  const primitive = HIGHER.find((p) => p.name === name)!;
  return () => ({ fault: loopFault(operator, primitive, dtype), samples: alone(recipesOf(name, dtype, seed)) });
}

// ---- rules, transformations, sessions

function ruleCandidate(random: RandomStream): Candidate {
  const operator = random.pick(RULE_OPERATORS);
  const fitting: readonly AnyPrimitive[] = [...FIRST_ORDER, ...HIGHER].filter((p) => operator.change(p) !== null);
  const primitive = random.pick(fitting);
  const dtypes = primitive.kind === 'first-order' ? primitive.dtypes : SOME_DTYPES;
  const dtype = random.pick(dtypes.filter((d) => operator.of === 'vmap' || isInexact(d)));
  const seed = random.below(2 ** 31);
  return () => {
    const fault = dtype === undefined ? null : ruleFault(operator, primitive, dtype);
    if (fault === null) return null;
    const samples =
      primitive.kind === 'first-order' ? callsOf(primitive, dtype, seed) : recipesOf(primitive.name, dtype, seed);
    return { fault, samples: alone(samples) };
  };
}

function transformationCandidate(random: RandomStream): Candidate {
  const operator = random.pick(TRANSFORMATION_OPERATORS);
  const dtype = random.pick(SOME_DTYPES.filter(isInexact));
  const { name } = random.pick(HIGHER.filter((p) => RECIPES.some((r) => r.subject === p.name)));
  const seed = random.below(2 ** 31);
  return () => ({ fault: transformationFault(operator, name, dtype), samples: alone(recipesOf(name, dtype, seed)) });
}

const sessionCandidate =
  (index: number): Candidate =>
  () => {
    const operator = SESSION_OPERATORS[index]!;
    return { fault: sessionFault(operator), samples: [operator.witness()] };
  };
