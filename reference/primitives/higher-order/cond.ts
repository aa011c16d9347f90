/** `cond`: one of several jaxprs, chosen by an index (spec/transformations/control-flow.md#cond). */
import { isInexact } from '../../core/dtypes.ts';
import { type Aval, numbers, showAval } from '../../core/host.ts';
import type { Jaxpr } from '../../core/jaxpr.ts';
import { partLanes } from '../../core/named-axes.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { defineHigherOrder, type HigherOrderPrimitive, knownOperand } from '../../core/primitive.ts';
import { speculative } from '../../core/repeated.ts';
import type { Transforms } from '../../core/rules.ts';
import {
  alignBatch,
  effectsOf,
  either,
  fits,
  given,
  hull,
  isLinear,
  knownValues,
  pick,
  present,
  repeat,
  spread,
} from './shared.ts';

export type CondParams = {
  /** All of one type. The index is clamped into their range. */
  readonly branches: readonly Jaxpr[];
};

const clampIndex = (index: number, n: number): number => Math.min(Math.max(index, 0), n - 1);

/** Applies a transformation to each branch, first freely, then forced to what any of them gave. */
function uniformly<R extends { readonly out: readonly boolean[] }>(
  branches: readonly Jaxpr[],
  transform: (branch: Jaxpr, force?: readonly boolean[]) => R,
): { readonly branches: readonly R[]; readonly out: readonly boolean[] } {
  const out = branches.map((b) => transform(b).out).reduce(either);
  return { branches: branches.map((b) => transform(b, out)), out };
}

export const cond: HigherOrderPrimitive<'cond', CondParams, 'C1' | 'C2' | 'C3' | 'C4'> = defineHigherOrder<
  'cond',
  CondParams,
  'C1' | 'C2' | 'C3' | 'C4'
>({
  name: 'cond',
  spec: 'spec/transformations/control-flow.md#cond',
  params: { branches: 'jaxprs' },
  constraints: {
    C1: ([index]) =>
      (index?.dtype === 'int32' && index.shape.length === 0) ||
      `index must be an int32 scalar, got ${index === undefined ? 'nothing' : showAval(index)}`,
    C2: (_, { branches }) => branches.length > 0 || 'branches must not be empty',
    C3: ([, ...x], { branches }) => firstProblem(branches, (b, i) => fits(b.inAvals, x, `branch ${i}`)),
    C4: (_, { branches }) =>
      firstProblem(branches, (b, i) =>
        fits(branches[0]!.outAvals, b.outAvals, `the result of branch ${i}, as of branch 0,`),
      ),
  },
  recurs: false,
  subJaxprs: ({ branches }) => branches,
  withSubJaxprs: (_, branches) => ({ branches }),
  infer: (_, { branches }) =>
    branches[0]!.outAvals.map((a, j) => ({ ...a, weak: branches.every((b) => b.outAvals[j]!.weak) })),
  evaluate(machine, [index, ...x], { branches }) {
    const i = clampIndex(numbers(machine.read(index!))[0]!, branches.length);
    return machine.interpret(branches[i]!, x);
  },

  jvp(t, [index, ...x], [, ...dx], { branches }) {
    const dual = uniformly(branches, (b, force) => t.jvp(b, given(dx), force));
    const results = t.bind(cond, [index!, ...x, ...present(dx)], { branches: dual.branches.map((b) => b.jaxpr) });
    const n = dual.out.length;
    return { out: results.slice(0, n), tangents: spread(results.slice(n), dual.out) };
  },

  /** Each branch has its own residuals; all are results of every branch, zeros where they are another's. */
  partialEval(t, [indexKnown, ...known], { branches }) {
    if (!indexKnown) return null;
    const unknown = branches.map((b) => t.partialEval(b, known).knownResults.map((is) => !is)).reduce(either);
    const splits = branches.map((b) => t.partialEval(b, known, unknown));
    const residuals = splits.flatMap((s) => s.residuals);
    const own = splits.map((_, i) => splits.slice(0, i).reduce((n, s) => n + s.residuals.length, 0));
    return {
      known: { branches: splits.map((s, i) => withAllResiduals(t, s.known, residuals, own[i]!, s.residuals.length)) },
      knownInputs: [0, ...known.flatMap((is, i) => (is ? [i + 1] : []))],
      unknown: {
        branches: splits.map((s, i) => takingAllResiduals(t, s.unknown, residuals, own[i]!, s.residuals.length)),
      },
      unknownInputs: [
        { operand: 0 },
        ...residuals.map((_, residual) => ({ residual })),
        ...known.flatMap((is, i) => (is ? [] : [{ operand: i + 1 }])),
      ],
      knownResults: unknown.map((is) => !is),
    };
  },

  transpose(t, ct, [index, ...x], { branches }) {
    const linear = x.map(isLinear);
    const back = uniformly(branches, (b, force) => t.transpose(b, linear, given(ct), force !== undefined));
    const operands = [knownOperand(index!), ...knownValues(x), ...present(ct)];
    const results = t.bind(cond, operands, { branches: back.branches.map((b) => b.jaxpr) });
    return [null, ...spread(results, linear)];
  },

  batch(t, [index, ...x], [indexAt, ...at], axis, { branches }) {
    const batched = at.map((a) => a !== null);
    const aligned = alignBatch(t.lax, x, at, 0);
    if (indexAt === null) {
      const wide = uniformly(branches, (b, force) => t.batch(b, batched, axis, force));
      const out = t.bind(cond, [index!, ...aligned], { branches: wide.branches.map((b) => b.jaxpr) });
      return { out, at: wide.out.map((is) => (is ? 0 : null)) };
    }
    partLanes(axis, branches, 'cond: the choice of the branch');
    // Each example chooses for itself: all branches run, and each result is selected.
    const all = branches[0]!.outAvals.map(() => true);
    const which = t.lax.clamp(0, t.lax.moveAxis(index!, indexAt!, 0), branches.length - 1);
    const whole = aligned.map((v, i) => (batched[i] || !isInexact(v.dtype) ? v : repeat(t.lax, v, axis)));
    const has = whole.map((v, i) => batched[i]! || isInexact(v.dtype));
    const results = branches.map((b, i) => {
      const chosen = t.lax.eq(which, i);
      const operands = whole.map((v) => (isInexact(v.dtype) ? constantElsewhere(t, chosen, v) : v));
      return t.evaluate(speculative(t.batch(b, has, axis, all).jaxpr), operands);
    });
    const out = branches[0]!.outAvals.map((_, j) =>
      selectRows(
        t,
        which,
        results.map((r) => r[j]!),
      ),
    );
    return { out, at: all.map(() => 0) };
  },

  dce(t, used, { branches }) {
    const small = branches.map((b) => t.dce(b, used));
    const inputs = small.map((s) => s.inputs).reduce(either);
    const uniform = small.map(({ jaxpr, inputs: own }, i) =>
      t.traceList((x) => t.evaluate(jaxpr, pick(x, pick(own, inputs))), pick(branches[i]!.inAvals, inputs)),
    );
    return { params: { branches: uniform }, inputs: [true, ...inputs], results: used };
  },

  bound(inner, [index, ...x], { branches }) {
    const i = clampIndex(numbers(index!.value)[0]!, branches.length);
    const chosen = inner(branches[i]!, x);
    return index!.bound === null
      ? chosen
      : hull(
          chosen,
          branches.map((b) => inner(b, x)),
        );
  },
  effects: ({ branches }) => effectsOf(branches),
  place: (_, branch) => `cond, branch ${branch}`,
  breaks: {
    C1: (t) => ({ operands: [{ ...number, shape: [] }, number], params: { branches: [negated(t)] } }),
    C2: () => ({ operands: [scalarIndex], params: { branches: [] } }),
    C3: (t) => ({ operands: [scalarIndex, { ...number, shape: [3] }], params: { branches: [negated(t)] } }),
    C4: (t) => ({
      operands: [scalarIndex, number],
      params: { branches: [negated(t), t.trace((x) => [t.lax.eq(x, x)], [number])] },
    }),
  },
});

const number: Aval = { shape: [2], dtype: 'float32', weak: false };
const scalarIndex: Aval = { shape: [], dtype: 'int32', weak: false };
const negated = (t: Transforms): Jaxpr => t.trace((x) => [t.lax.neg(x)], [number]);

function firstProblem(branches: readonly Jaxpr[], check: (branch: Jaxpr, i: number) => true | string): true | string {
  return branches.map(check).find((verdict) => verdict !== true) ?? true;
}

function withAllResiduals(t: Transforms, known: Jaxpr, residuals: readonly Aval[], from: number, count: number): Jaxpr {
  return t.traceList((x) => {
    const results = t.evaluate(known, x);
    const own = results.slice(results.length - count);
    const zeros = (avals: readonly Aval[]): NDArray[] => avals.map((a) => t.lax.zerosLike(a));
    return [
      ...results.slice(0, results.length - count),
      ...zeros(residuals.slice(0, from)),
      ...own,
      ...zeros(residuals.slice(from + count)),
    ];
  }, known.inAvals);
}

function takingAllResiduals(
  t: Transforms,
  unknown: Jaxpr,
  residuals: readonly Aval[],
  from: number,
  count: number,
): Jaxpr {
  return t.traceList(
    (x) => t.evaluate(unknown, [...x.slice(from, from + count), ...x.slice(residuals.length)]),
    [...residuals, ...unknown.inAvals.slice(count)],
  );
}

/**
 * The operand, but a constant to the examples that choose another branch: its derivative may be infinite there, and
 * would give NaN with a cotangent of 0 (https://github.com/jax-ml/jax/issues/1052).
 */
function constantElsewhere({ lax }: Transforms, chosen: NDArray, x: NDArray): NDArray {
  return lax.select(lax.broadcastInDim(chosen, x.shape, [0]), x, lax.stopGradient(x));
}

/** Example i of the result is example i of `cases[which[i]]`. */
function selectRows({ lax }: Transforms, which: NDArray, cases: readonly NDArray[]): NDArray {
  return lax.selectN(lax.broadcastInDim(which, cases[0]!.shape, [0]), ...cases);
}
