/** Cases of the primitives with jaxprs inside, under every transformation. */
import {
  doubleOf,
  type DType,
  integerLimits,
  isComplex,
  isInexact,
  isInteger,
  NUMBERS,
  REALS,
} from '../../reference/core/dtypes.ts';
import { type Aval, aval, buildElements, elementFrom, type HostArray, hostArray } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import type { AnyPrimitive, Params } from '../../reference/core/primitive.ts';
import { bind } from '../../reference/core/trace.ts';
import { range } from '../../reference/primitives/axes.ts';
import { type CollectiveName, higherOrder, type HigherOrderName } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { judgeRefusal } from '../laws/rejects.ts';
import { laws, type ProgramLaw } from '../laws/index.ts';
import { type Transformation, TRANSFORMATIONS } from '../types.ts';
import { attempted, type Case, caseId, contentHash, lawCase, type Unit, unitKey } from './case.ts';
import { hash32, RandomStream } from './random-stream.ts';
import { direction, type Sample, transformed } from './sample.ts';

const { lax } = t;

/** A way to use a primitive: a traced program for arrays of a dtype and shape, and what goes in. */
export interface Recipe {
  readonly subject: HigherOrderName | CollectiveName;
  readonly variant: string;
  readonly dtypes: readonly DType[];
  /** Left out: every transformation. */
  readonly only?: readonly Transformation[];
  make(dtype: DType, random: RandomStream): Sample;
}

/** Dtypes that stand for the others: some of each domain, and a float narrower than f32. */
export const NUMBER: readonly DType[] = ['float32', 'float64', 'bfloat16', 'int32', 'int64', 'complex64'];
const INEXACT: readonly DType[] = NUMBER.filter(isInexact);

/** Functions that every dtype of these has. */
const mulAdd = (x: NDArray, y: NDArray): NDArray => lax.add(lax.mul(x, y), y);
const difference = (x: NDArray, y: NDArray): NDArray => lax.sub(y, isComplex(x.dtype) ? x : lax.max(x, y));

const call = (body: Jaxpr, xs: readonly NDArray[]): readonly NDArray[] =>
  bind(higherOrder.jit, xs, { name: 'inner', jaxpr: body, backend: null });

/** A sample of inputs of the given types: small numbers, or what `special` gives. */
export function sampleOf(jaxpr: Jaxpr, random: RandomStream, special: readonly (HostArray | null)[] = []): Sample {
  const inputs = jaxpr.inAvals.map((a, i) => special[i] ?? numbersOf(a, random));
  const active = jaxpr.inAvals.flatMap((a, i) => (isInexact(a.dtype) ? [i] : []));
  return { jaxpr, inputs, active };
}

const numbersOf = (type: Aval, random: RandomStream): HostArray =>
  isInexact(type.dtype)
    ? direction(type, random)
    : buildElements(type.dtype, type.shape, () => elementFrom(type.dtype, random.below(21) - 10));

const nestedJit: Recipe = {
  subject: 'jit',
  variant: 'nested',
  dtypes: NUMBER,
  make(dtype, random) {
    const type = aval([2 + random.below(3)], dtype);
    const inner = t.trace((x, y) => [mulAdd(x, y)], [type, type]);
    const outer = t.trace((x, y) => [difference(call(inner, [x, y])[0]!, x), x], [type, type]);
    return sampleOf(
      t.trace((x, y) => [...call(outer, [x, y]), ...call(inner, [y, y])], [type, type]),
      random,
    );
  },
};

const threeBranches: Recipe = {
  subject: 'cond',
  variant: 'three-branches',
  dtypes: NUMBER,
  make(dtype, random) {
    const type = aval([3], dtype);
    const branches = [
      t.trace((x, y) => [mulAdd(x, y), y], [type, type]),
      t.trace((x, y) => [difference(y, x), lax.neg(x)], [type, type]),
      t.trace((x) => [x, x], [type, type]),
    ];
    const index = hostArray('int32', [], [random.pick([-7, 0, 1, 2, 3])]); // clamped into range
    const program = t.trace(
      (i, x, y) => bind(higherOrder.cond, [i, x, y], { branches }),
      [aval([], 'int32'), type, type],
    );
    return sampleOf(program, random, [index]);
  },
};

const scanned = (variant: string, length: number, reverse: boolean): Recipe => ({
  subject: 'scan',
  variant,
  dtypes: NUMBER,
  make(dtype, random) {
    const type = aval([2], dtype);
    const body = t.trace((w, c, x) => [mulAdd(c, w), difference(c, x)], [type, type, type]);
    const params = { jaxpr: body, length, reverse, num_consts: 1, num_carry: 1 };
    return sampleOf(
      t.trace((w, c, xs) => bind(higherOrder.scan, [w, c, xs], params), [type, type, aval([length, 2], dtype)]),
      random,
    );
  },
});

/** A loop whose number of iterations depends on a value: on `steps`, or where it is batched on each example's own. */
const looped = (variant: string, steps: number): Recipe => ({
  subject: 'while',
  variant,
  dtypes: NUMBER,
  make(dtype, random) {
    const type = aval([3], dtype);
    const count = aval([], 'int32');
    const params = {
      cond_jaxpr: t.trace((n, i) => [lax.lt(i, n)], [count, count, type]),
      body_jaxpr: t.trace((w, i, c) => [lax.add(i, 1), difference(mulAdd(c, w), c)], [type, count, type]),
      cond_nconsts: 1,
      body_nconsts: 1,
    };
    const program = t.trace((n, i, w, c) => bind(higherOrder.while, [n, w, i, c], params), [count, count, type, type]);
    return sampleOf(program, random, [hostArray('int32', [], [steps]), hostArray('int32', [], [random.below(2)])]);
  },
});

/** The largest element, and what stands beside it. */
const best: Recipe = {
  subject: 'reduce',
  variant: 'best-of-pairs',
  dtypes: REALS,
  make(dtype, random) {
    const [type, one] = [aval([2, 3], dtype), aval([], dtype)];
    const jaxpr = t.trace((a, v, b, w) => [lax.max(a, b), lax.select(lax.ge(a, b), v, w)], [one, one, one, one]);
    const dimensions = random.pick([[], [0], [1], [0, 1]]);
    const lowest = isInteger(dtype) ? Number(integerLimits(dtype).min) : -1000;
    const program = t.trace((x, y) => {
      const smallest = lax.full([], lowest, dtype);
      return bind(higherOrder.reduce, [x, y, smallest, lax.full([], 0, dtype)], { jaxpr, dimensions });
    }, [type, type]); // prettier-ignore
    return sampleOf(program, random);
  },
};

const windowProducts: Recipe = {
  subject: 'reduce_window',
  variant: 'products',
  dtypes: NUMBERS,
  make(dtype, random) {
    const one = aval([], dtype);
    const jaxpr = t.trace((a, b) => [lax.mul(a, b)], [one, one]);
    const dilated = 1 + random.below(2);
    const program = t.trace((x) => {
      const params = {
        jaxpr,
        window_dimensions: [2, 2],
        window_strides: [1, 1 + random.below(2)],
        padding: [[random.below(3) - 1, 1], [0, random.below(2)]],
        base_dilation: [1, dilated],
        window_dilation: [1 + random.below(2), 1],
      };
      return bind(higherOrder.reduce_window, [x, lax.full([], 1, dtype)], params);
    }, [aval([3, 4], dtype)]); // prettier-ignore
    return sampleOf(program, random);
  },
};

const customRule: Recipe = {
  subject: 'custom_jvp_call',
  variant: 'own-rule',
  dtypes: INEXACT,
  make(dtype, random) {
    const type = aval([4], dtype);
    const body = t.trace((x) => [lax.log1p(lax.exp(x))], [type]);
    const rule = t.trace((x, dx) => [lax.log1p(lax.exp(x)), lax.mul(lax.logistic(x), dx)], [type, type]);
    const params = { name: 'softplus', jaxpr: body, num_consts: 0, jvp: { jaxpr: () => rule } };
    return sampleOf(
      t.trace((x) => bind(higherOrder.custom_jvp_call, [lax.sin(x)], params), [type]),
      random,
    );
  },
};

const recomputed: Recipe = {
  subject: 'checkpoint',
  variant: 'two-layers',
  dtypes: NUMBER,
  make(dtype, random) {
    const type = aval([3], dtype);
    const jaxpr = t.trace((x, y) => [difference(mulAdd(x, y), y), x], [type, type]);
    return sampleOf(
      t.trace((x, y) => bind(higherOrder.checkpoint, [lax.neg(x), y], { jaxpr, policy: null }), [type, type]),
      random,
    );
  },
};

/** The product of the squares of its operands, whose residuals are a third value. Forward mode has no way through it. */
const ownBackward: Recipe = {
  subject: 'custom_vjp_call',
  variant: 'own-backward',
  dtypes: INEXACT,
  only: ['eval', 'jit', 'vmap', 'vjp', 'vmap.vjp', 'vjp.vmap'],
  make(dtype, random) {
    const type = aval([4], dtype);
    const squares = (x: NDArray, y: NDArray): NDArray => lax.mul(lax.mul(x, x), lax.mul(y, y));
    const forward = t.trace((x, y) => [squares(x, y), lax.mul(x, y), x, y], [type, type]);
    const backward = t.trace(
      (product, x, y, ct) => [y, x].map((other) => lax.mul(lax.mul(ct, 2), lax.mul(product, other))),
      [type, type, type, type],
    );
    const params = {
      name: 'squares',
      jaxpr: t.trace((x, y) => [squares(x, y)], [type, type]),
      num_consts: 0,
      rule: { forward: () => forward, backward: () => backward },
    };
    return sampleOf(
      t.trace((x, y) => bind(higherOrder.custom_vjp_call, [lax.sin(x), y], params), [type, type]),
      random,
    );
  },
};

/** x·(2 + d²) = b, d being small: a diagonal matrix far from singular, and how often it was solved. */
const diagonal: Recipe = {
  subject: 'custom_linear_solve',
  variant: 'diagonal',
  dtypes: INEXACT,
  make(dtype, random) {
    const type = aval([3], dtype);
    const scale = (d: NDArray): NDArray => lax.add(lax.mul(d, d), 2);
    const matvec = t.trace((d, x) => [lax.mul(scale(d), x)], [type, type]);
    const solve = t.trace((d, b) => [lax.div(b, scale(d)), lax.full([], 1, 'int32')], [type, type]);
    const params = { matvec, solve, transposed: [matvec, solve], num_consts: 1 };
    return sampleOf(
      t.trace((d, b) => bind(higherOrder.custom_linear_solve, [lax.mul(d, 0.25), b], params), [type, type]),
      random,
    );
  },
};
/** Checks that hold, beside a value and in the iterations of a loop. */
const passing = (variant: string, program: (x: NDArray, y: NDArray) => readonly NDArray[]): Recipe => ({
  subject: 'check',
  variant,
  dtypes: NUMBER,
  make: (dtype, random) => sampleOf(t.trace(program, [aval([3], dtype), aval([3], dtype)]), random),
});
const holds = (x: NDArray): void => {
  const params = { category: 'user' as const, message: '{} is a number', source: null };
  bind(higherOrder.check, [lax.reduceAnd(lax.eq(x, x), range(x.ndim)), x], params);
};
const checkedSum = passing('beside', (x, y) => {
  holds(x);
  return [mulAdd(x, y)];
});
const checkedLoop = passing('in-a-loop', (x, y) => {
  const one = aval([], x.dtype);
  const body = t.trace((c, v) => (holds(c), [difference(c, v), c]), [one, one]);
  const params = { jaxpr: body, length: 3, reverse: false, num_consts: 0, num_carry: 1 };
  return bind(higherOrder.scan, [lax.reduceSum(y, [0]), x], params);
});

/** Something that is looked at on the way changes nothing. */
const watched: Recipe = {
  subject: 'debug_callback',
  variant: 'on-the-way',
  dtypes: NUMBER,
  make(dtype, random) {
    const type = aval([2 + random.below(2)], dtype);
    const program = t.trace((x, y) => {
      const product = mulAdd(x, y);
      bind(higherOrder.debug_callback, [y, product], { name: 'nothing', callback: () => undefined });
      return [difference(product, x)];
    }, [type, type]); // prettier-ignore
    return sampleOf(program, random);
  },
};

/** Every way to use a higher-order primitive. */
export const RECIPES: readonly Recipe[] = [
  nestedJit,
  threeBranches,
  scanned('forward', 3, false),
  scanned('reverse', 4, true),
  scanned('no-steps', 0, false),
  looped('some-steps', 4),
  looped('no-steps', -1),
  best,
  windowProducts,
  customRule,
  ownBackward,
  diagonal,
  recomputed,
  checkedSum,
  checkedLoop,

  watched,
];

/** The units of the higher-order primitives. `count`: cases per cell and recipe. */
export function* higherOrderUnits(count: number, ofRules: boolean): Generator<Unit> {
  for (const subject of Object.keys(higherOrder) as HigherOrderName[]) {
    const recipes = RECIPES.filter((r) => r.subject === subject);
    // custom_lin has no recipe: it has no value, and is met where custom_vjp_call is differentiated.
    for (const dtype of recipes[0]?.dtypes ?? []) yield* recipeUnits(subject, dtype, recipes, count, ofRules);
    const made = higherOrder[subject].breaks as Record<string, (tools: typeof t) => Broken[string]>;
    yield refusalUnit(
      higherOrder[subject],
      Object.fromEntries(Object.entries(made).map(([id, make]) => [id, make(t)])),
    );
  }
}

/** What is done with a recipe's programs under the third part of an id. */
interface How {
  readonly law: ProgramLaw;
  /** The cell of the report. */
  readonly transformation: Transformation;
  /** How the program is transformed before the law sees it. */
  readonly first: Transformation;
}

const HOWS: Readonly<Record<string, How>> = {
  ...Object.fromEntries(TRANSFORMATIONS.map((how) => [how, { law: 'value', transformation: how, first: how }])),
  jit: { law: 'jit-is-eager', transformation: 'jit', first: 'eval' },
  'vmap-is-loop': { law: 'vmap-is-loop', transformation: 'vmap', first: 'eval' },
  adjoint: { law: 'adjoint', transformation: 'vjp', first: 'eval' },
  linearity: { law: 'linearity', transformation: 'jvp', first: 'eval' },
  derivative: { law: 'derivative', transformation: 'jvp', first: 'eval' },
};
/** Laws that differentiate forwards whatever the cell is. */
const FORWARDS: ReadonlySet<ProgramLaw> = new Set<ProgramLaw>(['adjoint', 'linearity', 'derivative']);

function applies({ law, transformation }: How, dtype: DType, recipes: readonly Recipe[], ofRules: boolean): boolean {
  if (laws[law].ofRules && !ofRules) return false;
  if (!isInexact(dtype) && /jvp|vjp/.test(transformation)) return false;
  // Of whole programs difference quotients say something in double precision only.
  if (law === 'derivative' && doubleOf(dtype) !== dtype) return false;
  const asked: readonly Transformation[] = FORWARDS.has(law) ? ['jvp', transformation] : [transformation];
  return recipes.every(({ only }) => asked.every((one) => only?.includes(one) !== false));
}

export function* recipeUnits(
  subject: Recipe['subject'],
  dtype: DType,
  recipes: readonly Recipe[],
  count: number,
  ofRules: boolean,
): Generator<Unit> {
  for (const [name, how] of Object.entries(HOWS)) {
    if (!applies(how, dtype, recipes, ofRules)) continue;
    const key = unitKey(subject, dtype, name);
    const law = laws[how.law];
    yield {
      key,
      group: 'programs',
      law: law.name,
      subject,
      dtype,
      transformation: how.transformation,
      planned: recipes.length * count,
      *cases(seed) {
        for (const recipe of recipes) {
          for (let index = 0; index < count; index++) {
            const stream = [hash32(seed, key, recipe.variant), index];
            const random = new RandomStream(...stream);
            const one = attempted(key, recipe.variant, stream, () => {
              const sample = transformed(recipe.make(dtype, random), how.first, random);
              return lawCase(key, recipe.variant, law, sample, stream);
            });
            if (one !== null) yield one;
          }
        }
      },
    };
  }
}

/** Calls that break one constraint each, by its id. */
type Broken = Readonly<Record<string, { readonly operands: readonly Aval[]; readonly params: object }>>;

export function refusalUnit(primitive: AnyPrimitive, broken: Broken): Unit {
  const key = unitKey(primitive.name, 'float32', 'rejects');
  const calls = Object.entries(broken);
  return {
    key,
    group: 'programs',
    law: 'rejects',
    subject: primitive.name,
    dtype: 'float32',
    transformation: 'eval',
    planned: calls.length,
    *cases(): Generator<Case> {
      for (const [id, { operands, params }] of calls) {
        const content = contentHash(key, id, JSON.stringify(operands));
        const check = async (): Promise<ReturnType<typeof judgeRefusal>> =>
          judgeRefusal(primitive, operands, params as Params, id);
        yield { id: caseId(key, id, content), content, variant: id, sample: null, check };
      }
    },
  };
}
