/** Cases of single primitives: every dtype, transformation and shape class, under every law. */
import fc from 'fast-check';
import { type DType, isInexact } from '../../reference/core/dtypes.ts';
import { avalOf } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Call, Params, ShapeClass } from '../../reference/core/primitive.ts';
import { SHAPE_CLASSES } from '../../reference/core/primitive.ts';
import { type ProgramLaw, laws } from '../laws/index.ts';
import type { Evidence } from '../laws/law.ts';
import { judgeRefusal } from '../laws/rejects.ts';
import type { Transformation } from '../types.ts';
import { attempted, type Case, caseId, contentHash, lawCase, type Unit, unitKey } from './case.ts';
import { makeGen } from './gen.ts';
import { hash32, RandomStream } from './random-stream.ts';
import { callSample, invariantSample, partlyActive, transformed } from './sample.ts';

/** What is done with a primitive's calls under the third part of an id. */
interface How {
  readonly law: ProgramLaw;
  /** The cell of the report. */
  readonly transformation: Transformation;
  /** How the call is transformed before the law sees it; left out: not at all. */
  readonly first?: Transformation;
  readonly classes: readonly ShapeClass[];
  /** Of the cases per cell that were asked for, the share that is made. */
  readonly share: number;
  readonly differentiates?: true;
}

const value = (transformation: Transformation, share: number, differentiates?: true): How => ({
  law: 'value',
  transformation,
  first: transformation,
  classes: SHAPE_CLASSES,
  share,
  ...(differentiates && { differentiates }),
});

const HOWS: Readonly<Record<string, How>> = {
  eval: value('eval', 1),
  jit: {
    law: 'jit-is-eager',
    transformation: 'jit',
    classes: ['scalar', 'empty', 'odd', 'broadcast', 'large'],
    share: 0.5,
  },
  vmap: value('vmap', 1),
  jvp: value('jvp', 0.5, true),
  vjp: value('vjp', 0.5, true),
  'vmap.vjp': value('vmap.vjp', 0.5, true),
  'vjp.vmap': value('vjp.vmap', 0.5, true),
  repeats: { law: 'repeats', transformation: 'eval', classes: ['odd', 'large'], share: 0.5 },
  'keeps-inputs': { law: 'keeps-inputs', transformation: 'eval', classes: ['odd'], share: 0.5 },
  'vmap-is-loop': { law: 'vmap-is-loop', transformation: 'vmap', classes: ['scalar', 'odd', 'broadcast'], share: 1 },
  adjoint: {
    law: 'adjoint',
    transformation: 'vjp',
    classes: ['scalar', 'odd', 'broadcast'],
    share: 1,
    differentiates: true,
  },
  linearity: {
    law: 'linearity',
    transformation: 'jvp',
    classes: ['scalar', 'odd', 'broadcast'],
    share: 1,
    differentiates: true,
  },
  derivative: {
    law: 'derivative',
    transformation: 'jvp',
    classes: ['scalar', 'odd', 'broadcast'],
    share: 2,
    differentiates: true,
  },
};

/**
 * Dtypes that behave as another one does, but for their size. A quick run looks at them briefly: at a third of the shape
 * classes, other ones for each primitive and dtype, and at one case of each (spec/conformance.md#levels).
 */
const ALIKE: ReadonlySet<DType> = new Set<DType>([
  'float16',
  'bfloat16',
  'int8',
  'int16',
  'uint8',
  'uint16',
  'uint32',
  'int64',
  'uint64',
  'complex64',
]);

export interface Density {
  /** Cases per cell and shape class. */
  readonly count: number;
  /** Whether dtypes that behave alike are looked at briefly, and derivatives of large arrays are mostly left out. */
  readonly brief: boolean;
}

/** The units of a primitive, rules of the reference included if asked for. */
export function* primitiveUnits(
  primitive: AnyFirstOrder,
  { count, brief }: Density,
  ofRules: boolean,
): Generator<Unit> {
  for (const dtype of primitive.dtypes) {
    for (const [name, how] of Object.entries(HOWS)) {
      if (laws[how.law].ofRules && !ofRules) continue;
      if (how.differentiates && !differentiates(primitive, dtype, how.law)) continue;
      const classes = brief ? quickClasses(how, name, dtype) : how.classes;
      if (brief && ALIKE.has(dtype)) {
        const some = aThird(classes, hash32(primitive.name, dtype, name));
        yield programUnit(primitive, dtype, name, { ...how, classes: some }, 1);
      } else yield programUnit(primitive, dtype, name, { ...how, classes }, Math.max(1, Math.round(count * how.share)));
    }
    if (Object.keys(primitive.breaks).length > 0) yield refusalUnit(primitive, dtype);
  }
}

/** Whether the law of derivatives has something to say; a tangent that stands in for the derivative is another. */
function differentiates({ differentiate }: AnyFirstOrder, dtype: DType, law: How['law']): boolean {
  if ('zero' in differentiate || !isInexact(dtype)) return false;
  return law !== 'derivative' || differentiate.substitute === undefined;
}

/**
 * Derivatives of large arrays are what most of the time would go to: a quick run looks at cotangents of float32 only, and
 * under jit at large arrays of float32 only.
 */
function quickClasses({ classes, differentiates }: How, name: string, dtype: DType): readonly ShapeClass[] {
  const looksAtFew = differentiates === true || name === 'jit';
  return looksAtFew && !(/^(vjp|jit)$/.test(name) && dtype === 'float32')
    ? classes.filter((c) => c !== 'large')
    : classes;
}

const aThird = <T>(all: readonly T[], from: number): readonly T[] =>
  all.filter((_, k) => (k + from) % Math.min(3, all.length) === 0);

function programUnit(primitive: AnyFirstOrder, dtype: DType, name: string, how: How, count: number): Unit {
  const key = unitKey(primitive.name, dtype, name);
  const first = how.first ?? 'eval';
  const group = ['eval', 'jit'].includes(how.transformation) ? 'primitives' : 'rules';
  return {
    key,
    group,
    law: how.law,
    subject: primitive.name,
    dtype,
    transformation: how.transformation,
    planned: how.classes.length * count,
    *cases(seed) {
      for (const shapeClass of how.classes) {
        const stream = hash32(seed, key, shapeClass);
        const calls = callsOf(primitive, dtype, shapeClass);
        const made = (c: Call<Params>, index: number): Case => {
          const whole = (laws[how.law].ofRules ? invariantSample : callSample)(primitive, c);
          const call = partlyActive(whole, new RandomStream(stream, index, 'active'));
          const sample = transformed(call, first, new RandomStream(stream, index));
          return lawCase(key, shapeClass, laws[how.law], sample, [stream, index]);
        };
        for (const [index, call] of fc.sample(calls, { seed: stream, numRuns: count }).entries()) {
          const wanted = attempted(key, shapeClass, [stream, index], () => made(call, index));
          if (wanted === null) continue;
          const shrink: Case['shrink'] = async (bench, evidence, deadline) => {
            const judge: Judge = async (c) => (await made(c, index).check(bench)).wrong;
            const shapes = shapeClass === 'large' ? callsOf(primitive, dtype, 'odd') : null; // a large shape stays one
            const found = shapes && (await firstWrong(shapes, stream, deadline, judge));
            if (found) return smallest(shapes, { seed: stream, ...found }, deadline, judge);
            return smallest(calls, { seed: stream, index, evidence }, deadline, judge);
          };
          yield wanted.unmade === undefined ? { ...wanted, shrink } : wanted;
        }
      }
    },
  };
}

const callsOf = (primitive: AnyFirstOrder, dtype: DType, shapeClass: ShapeClass): fc.Arbitrary<Call<Params>> =>
  primitive.cases(makeGen(fc, dtype, shapeClass)) as fc.Arbitrary<Call<Params>>;

type Judge = (call: Call<Params>) => Promise<Evidence | null>;

interface Found {
  /** The run of the stream that gave the call. */
  readonly index: number;
  readonly evidence: Evidence;
}

/** How many smaller calls are tried in place of a large one. */
const SMALLER_CALLS = 40;

/** The first call of a stream that is wrong too. */
async function firstWrong(
  calls: fc.Arbitrary<Call<Params>>,
  seed: number,
  deadline: number,
  judge: Judge,
): Promise<Found | null> {
  for (const [index, call] of fc.sample(calls, { seed, numRuns: SMALLER_CALLS }).entries()) {
    if (Date.now() > deadline) return null;
    const evidence = await judge(call).catch(() => null);
    if (evidence !== null) return { index, evidence };
  }
  return null;
}

/** fast-check's shrinking from a run of the stream, until the deadline. */
async function smallest(
  calls: fc.Arbitrary<Call<Params>>,
  { seed, index, evidence }: Found & { readonly seed: number },
  deadline: number,
  judge: Judge,
): Promise<Evidence> {
  let best = evidence;
  const holds = async (call: Call<Params>): Promise<boolean> => {
    if (Date.now() > deadline) return true;
    const found = await judge(call).catch(() => null);
    if (found !== null) best = found;
    return found === null;
  };
  await fc.check(fc.asyncProperty(calls, holds), { seed, path: String(index), numRuns: 1 });
  return best;
}

/** One call per constraint that breaks it. */
function refusalUnit(primitive: AnyFirstOrder, dtype: DType): Unit {
  const key = unitKey(primitive.name, dtype, 'rejects');
  const ids = Object.keys(primitive.breaks);
  return {
    key,
    group: 'primitives',
    law: 'rejects',
    subject: primitive.name,
    dtype,
    transformation: 'eval',
    planned: ids.length,
    *cases(seed) {
      for (const id of ids) {
        const broken = (primitive.breaks as Record<string, AnyFirstOrder['cases']>)[id]!(makeGen(fc, dtype, 'odd'));
        const [call] = fc.sample(broken as fc.Arbitrary<Call<Params>>, { seed: hash32(seed, key, id), numRuns: 1 });
        const { args, params } = call!;
        const avals = args.map(avalOf);
        const content = contentHash(key, id, JSON.stringify([avals, params]));
        const check = async (): Promise<ReturnType<typeof judgeRefusal>> => judgeRefusal(primitive, avals, params, id);
        yield { id: caseId(key, id, content), content, variant: id, sample: null, check };
      }
    },
  };
}
