/** Random well-typed programs over the whole table of primitives, under random compositions of transformations. */
import { ANY, type DType, isInexact } from '../../reference/core/dtypes.ts';
import { DifferentiationError } from '../../reference/core/errors.ts';
import { parts } from '../../reference/core/host.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import type { HigherOrderName } from '../../reference/primitives/index.ts';
import { laws, type ProgramLaw } from '../laws/index.ts';
import type { Law } from '../laws/law.ts';
import { RANDOM_TRANSFORMATIONS, type Transformation } from '../types.ts';
import { attempted, type Case, lawCase, type Unit, unitKey } from './case.ts';
import { hash32, RandomStream } from './random-stream.ts';
import { cellName, isPlain, type Met, Steering, type Target, targetsOf } from './random/coverage.ts';
import { Growing, isComparable } from './random/growing.ts';
import { NESTED } from './random/nested.ts';
import { callStep } from './random/steps.ts';
import { jvpOf, NotApplicable, type Sample, transformed, vjpOf } from './sample.ts';

/** Steps of a program, as variants of ids name them. */
const SIZES = [3, 5, 8];
/** How often a program is drawn again whose results could hardly be compared. */
const DRAWS = 4;
/** Programs within programs, in programs. */
const DEPTH = 2;
const KINDS = Object.keys(NESTED) as HigherOrderName[];
/** A rule for reverse mode only has no place where forward mode differentiates. */
const KINDS_FORWARDS = KINDS.filter((name) => name !== 'custom_vjp_call');

const MAIN: readonly DType[] = ['float32', 'int32', 'float64'];
/** Dtypes that behave as one of the others get fewer programs of their own; all of them meet in all programs. */
const share = (dtype: DType, count: number): number => (MAIN.includes(dtype) ? count : Math.ceil(count / 6));

/** What is done with random programs under the third part of an id. */
interface Mode {
  readonly name: string;
  readonly law: Law;
  readonly transformation: Transformation;
  /** How a program is transformed before the law sees it: the law on the whole of it, or that of its own rules. */
  readonly first: Transformation;
}

const transformedBy = (how: Transformation): Mode =>
  how === 'jit'
    ? { name: how, law: laws['jit-is-eager'], transformation: how, first: 'eval' }
    : { name: how, law: laws.value, transformation: how, first: how };

const under = (name: ProgramLaw, transformation: Transformation): Mode =>
  ({ name, law: laws[name], transformation, first: 'eval' }); // prettier-ignore

const MODES: readonly Mode[] = [
  ...RANDOM_TRANSFORMATIONS.map(transformedBy),
  under('vmap-is-loop', 'vmap'),
  under('repeats', 'eval'),
  under('adjoint', 'vjp'),
  under('linearity', 'jvp'),
];

/** The units of random programs. `count`: programs per dtype, transformation and size. */
export function* randomUnits(count: number, brief: boolean, ofRules: boolean): Generator<Unit> {
  for (const dtype of ANY) {
    for (const mode of MODES) {
      if (mode.law.ofRules && !ofRules) continue;
      if (hasUnit(dtype, mode.transformation)) yield randomUnit(dtype, mode, share(dtype, count), brief);
    }
  }
}

/** Whether programs of a dtype of their own are transformed in that way. */
const hasUnit = (dtype: DType, how: Transformation): boolean => isInexact(dtype) || !/jvp|vjp|composed/.test(how);

/** Primitive × dtype × transformation × shape class: how many there are to meet. */
export function cellsToMeet(): number {
  const perDType = ANY.map((dtype) => {
    const own = RANDOM_TRANSFORMATIONS.filter((how) => hasUnit(dtype, how)).length;
    return targetsOf(dtype).length * RANDOM_TRANSFORMATIONS.length + KINDS.length * own;
  });
  return perDType.reduce((n, cells) => n + cells, 0);
}

function randomUnit(dtype: DType, mode: Mode, count: number, brief: boolean): Unit {
  const key = unitKey('random', dtype, mode.name);
  const { transformation } = mode;
  const unit: Unit = {
    key,
    group: 'programs',
    law: mode.law.name,
    subject: 'random',
    dtype,
    transformation,
    planned: SIZES.length * count,
    *cases(seed) {
      const isLight = ({ shapeClass }: Target): boolean =>
        shapeClass !== 'large' || !brief || !/jvp|vjp|composed/.test(transformation);
      const steerings = [isLight, (target: Target): boolean => isLight(target) && isPlain(target)].map(
        (isWanted, k) => new Steering(new RandomStream(seed, key, k), isWanted),
      );
      let rejected = 0;
      for (let index = 0; index < count; index++) {
        for (const [n, steps] of SIZES.entries()) {
          const plain = (index + n) % 2 === 1;
          const steering = steerings[Number(plain)]!;
          const stream = [hash32(seed, key, steps), index];
          const found = firstOf(DRAWS, (draw) => randomCase(unit, mode, { steps, plain, steering }, [...stream, draw]));
          rejected += found.before;
          if (found.one === null) continue;
          yield { ...found.one, drawn: { met: found.one.drawn?.met ?? [], rejected } };
          rejected = 0;
        }
      }
    },
  };
  return unit;
}

/** The first of so many tries that gives something, and how many have given nothing. */
function firstOf<T>(tries: number, make: (k: number) => T | null): { readonly one: T | null; readonly before: number } {
  for (let k = 0; k < tries; k++) {
    const one = make(k);
    if (one !== null) return { one, before: k };
  }
  return { one: null, before: tries };
}

/** The program that the stream gives; null if too little of it could be compared. */
function randomCase(
  { key, dtype }: Unit,
  { law, transformation, first }: Mode,
  { steps, plain, steering }: { readonly steps: number } & Pick<Style, 'plain' | 'steering'>,
  stream: readonly (string | number)[],
): Case | null {
  const random = new RandomStream(...stream);
  const how = transformation === 'composed' ? composition(random) : transformation;
  const isForward = law.ofRules || isForwardFirst(how);
  const size = `${plain ? 'plain' : 'steps'}-${steps}`;
  const variant = transformation === 'composed' ? `${how}-${size}` : size;
  return attempted(key, variant, stream, () => {
    const grown = randomProgram(dtype, steps, random, { isForward, plain, steering });
    const sample = differentiated(grown, transformation === first ? how : first, random);
    // What jit makes of a program has its bounds.
    const judged = law.name === 'jit-is-eager' ? sample : law.program(sample, new RandomStream(...stream, law.name));
    if (!isJudged(judged, grown)) throw new NotApplicable('too little of it could be compared');
    if (law.ofRules && !isSmooth(grown, new RandomStream(...stream, law.name))) {
      throw new NotApplicable('the two modes need not agree on what is not finite');
    }
    const drawn = { met: grown.met.map(cellName), rejected: 0 };
    return { ...lawCase(key, variant, law, sample, stream), drawn };
  });
}

/** Steps are only taken if their results can be compared; what transformations make of them is another program. */
const isJudged = (sample: Sample, grown: Sample): boolean =>
  sample.jaxpr === grown.jaxpr || isComparable(errorBound(sample.jaxpr, sample.inputs, 'strict', sample.choices));

/** Whether values, tangents and cotangents are finite, along what the law draws from the stream. */
const isSmooth = (sample: Sample, random: RandomStream): boolean =>
  [jvpOf, vjpOf].every((derivative) => {
    const { jaxpr, inputs } = derivative(sample, random);
    return evaluateJaxpr(jaxpr, inputs).every((y) => !isInexact(y.dtype) || parts(y).every(Number.isFinite));
  });

/** The program transformed. Some functions have no second derivative, and say so. */
function differentiated(grown: Sample, how: string, random: RandomStream): Sample {
  try {
    return transformed(grown, how, random);
  } catch (error) {
    const isSecond = how.split('.').filter((name) => name === 'jvp' || name === 'vjp').length > 1;
    if (isSecond && error instanceof DifferentiationError) throw new NotApplicable(error.message);
    throw error;
  }
}

/** Two to four transformations, of which at most two are derivatives: `vmap.jvp.vjp`. */
function composition(random: RandomStream): string {
  const derivatives = Array.from({ length: 1 + random.below(2) }, () => random.pick(['jvp', 'vjp']));
  const others = Array.from({ length: 1 + random.below(2) }, () => random.pick(['vmap', 'vmap', 'jit']));
  const all = [...derivatives, ...others];
  const order = all.map((name) => ({ name, at: random.unit() })).sort((a, b) => a.at - b.at);
  return order.map(({ name }) => name).join('.');
}

/** Whether the first derivative that is taken is forwards. */
const isForwardFirst = (how: string): boolean => how.lastIndexOf('jvp') > how.lastIndexOf('vjp');

export interface RandomSample extends Sample {
  /** What of the table it has in it. */
  readonly met: readonly Met[];
}

export interface Style {
  /** Whether it is differentiated forwards first, which a function with a rule for reverse mode only cannot be. */
  readonly isForward: boolean;
  /** Only of primitives that nearly every backend has, of one dtype, without programs inside. */
  readonly plain: boolean;
  readonly steering: Steering;
}

const anyStyle = (random: RandomStream): Style => ({
  isForward: false,
  plain: false,
  steering: new Steering(random, () => true),
});

/** A program of about so many steps. */
export function randomProgram(
  dtype: DType,
  steps: number,
  random: RandomStream,
  { isForward, plain, steering }: Style = anyStyle(random),
): RandomSample {
  const nested = (program: Growing, depth: number, forwards: boolean): readonly Met[] | null => {
    const primitive = random.pick(forwards ? KINDS_FORWARDS : KINDS);
    // The rule of a custom_jvp_call is made by forward mode.
    const innerForwards = forwards || primitive === 'custom_jvp_call';
    const within: Met[] = [];
    const inner = (body: Growing): void =>
      void within.push(...grow(body, 1 + random.below(2), depth + 1, innerForwards));
    const isMade = NESTED[primitive]!({ program, random, grow: inner });
    return isMade ? [{ primitive, dtype, shapeClass: 'nested' }, ...within] : null;
  };
  const call = (program: Growing, depth: number): readonly Met[] | null => {
    const target = steering.next(plain || random.chance(0.8) ? dtype : random.pick(ANY), depth > 0);
    return callStep(program, target, random) ? [{ ...target, primitive: target.primitive.name }] : null;
  };
  const grow = (program: Growing, wanted: number, depth: number, forwards: boolean): readonly Met[] => {
    const made: (readonly Met[])[] = [];
    for (let tries = 0; made.length < wanted && tries < 3 * wanted; tries++) {
      const step = !plain && depth < DEPTH && random.chance(0.2) ? nested : call;
      const met = step(program, depth, forwards);
      if (met !== null) made.push(met);
    }
    return made.flat();
  };
  const program = new Growing();
  const met = grow(program, steps, 0, isForward);
  return { ...program.sample(), met };
}
