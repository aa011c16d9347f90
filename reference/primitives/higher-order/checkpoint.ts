/**
 * `checkpoint`: a program whose intermediate values are computed again in the backward pass instead of being kept
 * (spec/transformations/checkpoint.md#checkpoint). Its value is the program's.
 */
import { aval } from '../../core/host.ts';
import { type Equation, Jaxpr, type Var } from '../../core/jaxpr.ts';
import { type AnyPrimitive, defineHigherOrder, type HigherOrderPrimitive, type Params } from '../../core/primitive.ts';
import { repeated } from '../../core/repeated.ts';
import type { Transforms } from '../../core/rules.ts';
import { alignBatch, effectsOf, fits, given, isLinear, knownValues, present, spread } from './shared.ts';

/** Which results are kept all the same: told the equation that computes them. */
export type CheckpointPolicy = (primitive: AnyPrimitive, params: Params) => boolean;

export type CheckpointParams = {
  readonly jaxpr: Jaxpr;
  /** null: nothing is kept; and so in a program read from a file. */
  readonly policy: CheckpointPolicy | null;
};

export const checkpoint: HigherOrderPrimitive<'checkpoint', CheckpointParams, 'C1'> = defineHigherOrder<
  'checkpoint',
  CheckpointParams,
  'C1'
>({
  name: 'checkpoint',
  spec: 'spec/transformations/checkpoint.md#checkpoint',
  params: { jaxpr: 'jaxpr', policy: 'unsaved' },
  constraints: { C1: (x, { jaxpr }) => fits(jaxpr.inAvals, x, 'the jaxpr') },
  recurs: false,
  subJaxprs: ({ jaxpr }) => [jaxpr],
  withSubJaxprs: (params, [jaxpr]) => ({ ...params, jaxpr: jaxpr! }),
  infer: (_, { jaxpr }) => jaxpr.outAvals,
  evaluate: (machine, x, { jaxpr }) => machine.interpret(jaxpr, x),

  jvp(t, x, dx, params) {
    const dual = t.jvp(params.jaxpr, given(dx));
    const results = t.bind(checkpoint, [...x, ...present(dx)], { ...params, jaxpr: dual.jaxpr });
    const n = params.jaxpr.outputs.length;
    return { out: results.slice(0, n), tangents: spread(results.slice(n), dual.out) };
  },

  /** The rest takes the known operands and what the policy keeps, and computes again what else it needs. */
  partialEval(t, known, params) {
    const split = t.partialEval(params.jaxpr, known);
    const results = split.knownResults.filter(Boolean).length;
    const { kept, again } = recomputation(t, split.known, results, params.policy);
    const n = split.known.inputs.length;
    const later = t.traceList(
      (args) => {
        const [had, waiting] = [args.slice(0, n + kept.length), args.slice(n + kept.length)];
        return t.evaluate(split.unknown, [...t.evaluate(again, had), ...waiting]);
      },
      [...again.inAvals, ...split.unknown.inAvals.slice(split.residuals.length)],
    );
    const operands = (which: readonly boolean[]): { operand: number }[] =>
      which.flatMap((is, operand) => (is ? [{ operand }] : []));
    return {
      known: {
        ...params,
        jaxpr: new Jaxpr({ ...split.known, outputs: [...split.known.outputs.slice(0, results), ...kept] }),
      },
      knownInputs: operands(known).map((x) => x.operand),
      unknown: { ...params, jaxpr: later },
      unknownInputs: [
        ...operands(known),
        ...kept.map((_, residual) => ({ residual })),
        ...operands(known.map((k) => !k)),
      ],
      knownResults: split.knownResults,
    };
  },

  /** The transpose is a checkpoint as well: it begins by computing the values again. */
  transpose(t, ct, x, params) {
    const linear = x.map(isLinear);
    const back = t.transpose(params.jaxpr, linear, given(ct));
    const cts = t.bind(checkpoint, [...knownValues(x), ...present(ct)], { ...params, jaxpr: back.jaxpr });
    return spread(spread(cts, back.out), linear);
  },

  batch(t, x, at, axis, params) {
    const wide = t.batch(params.jaxpr, at.map((a) => a !== null), axis); // prettier-ignore
    const out = t.bind(checkpoint, alignBatch(t.lax, x, at, 0), { ...params, jaxpr: wide.jaxpr });
    return { out, at: wide.out.map((is) => (is ? 0 : null)) };
  },

  dce(t, used, params) {
    const { jaxpr, inputs } = t.dce(params.jaxpr, used);
    return { params: { ...params, jaxpr }, inputs, results: used };
  },

  bound: (inner, x, { jaxpr }) => inner(jaxpr, x),
  effects: ({ jaxpr }) => effectsOf([jaxpr]),
  breaks: {
    C1: (t) => ({
      operands: [aval([3], 'float32')],
      params: { jaxpr: t.trace((x) => [t.lax.neg(x)], [aval([2], 'float32')]), policy: null },
    }),
  },
});

/**
 * How the residuals, the outputs of `known` from `results` on, are made again: from the inputs of `known` and those
 * results of its equations that the policy keeps and that are needed for it.
 */
function recomputation(
  t: Transforms,
  known: Jaxpr,
  results: number,
  policy: CheckpointPolicy | null,
): { readonly kept: readonly Var[]; readonly again: Jaxpr } {
  const keeps = ({ primitive, params }: Equation): boolean => policy !== null && policy(primitive, params);
  const saved = known.equations.filter(keeps).flatMap((e) => e.outputs);
  const whole = new Jaxpr({
    ...known,
    inputs: [...known.inputs, ...saved],
    equations: known.equations.filter((e) => !keeps(e)),
    outputs: known.outputs.slice(results),
  });
  const { jaxpr, inputs } = t.dce(repeated(whole), whole.outputs.map(() => true)); // prettier-ignore
  const kept = saved.filter((_, i) => inputs[known.inputs.length + i]);
  return { kept, again: new Jaxpr({ ...jaxpr, inputs: [...known.inputs, ...kept] }) };
}
