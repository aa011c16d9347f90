/** `jit`: a call of a jaxpr that is compiled as one (spec/transformations/jit.md#jit). */
import type { Backend } from '../../core/open-backend.ts';
import type { Jaxpr } from '../../core/jaxpr.ts';
import { defineHigherOrder, type HigherOrderPrimitive } from '../../core/primitive.ts';
import { alignBatch, effectsOf, fits, given, isLinear, knownValues, present, spread } from './shared.ts';

export type JitParams = {
  /** The user's function, as errors and prints name it. */
  readonly name: string;
  readonly jaxpr: Jaxpr;
  /** The backend that the user chose; null: where the operands live. */
  readonly backend: Backend | null;
};

export const jit: HigherOrderPrimitive<'jit', JitParams, 'C1'> = defineHigherOrder<'jit', JitParams, 'C1'>({
  name: 'jit',
  spec: 'spec/transformations/jit.md#jit',
  params: { name: { type: 'string' }, jaxpr: 'jaxpr', backend: 'unsaved' },
  constraints: { C1: (x, { jaxpr }) => fits(jaxpr.inAvals, x, 'the jaxpr') },
  recurs: true,
  subJaxprs: ({ jaxpr }) => [jaxpr],
  withSubJaxprs: (params, [jaxpr]) => ({ ...params, jaxpr: jaxpr! }),
  infer: (_, { jaxpr }) => jaxpr.outAvals,
  evaluate: (machine, x, { jaxpr }) => machine.interpret(jaxpr, x),

  jvp(t, x, dx, params) {
    const { jaxpr, out } = t.jvp(params.jaxpr, given(dx));
    const results = t.bind(jit, [...x, ...present(dx)], { ...params, jaxpr });
    const n = out.length;
    return { out: results.slice(0, n), tangents: spread(results.slice(n), out) };
  },

  partialEval(t, known, params) {
    const split = t.partialEval(params.jaxpr, known);
    return {
      known: { ...params, jaxpr: split.known },
      knownInputs: known.flatMap((is, i) => (is ? [i] : [])),
      unknown: { ...params, jaxpr: split.unknown },
      unknownInputs: [
        ...split.residuals.map((_, residual) => ({ residual })),
        ...known.flatMap((is, operand) => (is ? [] : [{ operand }])),
      ],
      knownResults: split.knownResults,
    };
  },

  transpose(t, ct, x, params) {
    const linear = x.map(isLinear);
    const { jaxpr, out } = t.transpose(params.jaxpr, linear, given(ct));
    const back = spread(t.bind(jit, [...knownValues(x), ...present(ct)], { ...params, jaxpr }), out);
    return spread(back, linear);
  },

  batch(t, x, at, axis, params) {
    const batched = at.map((a) => a !== null);
    const { jaxpr, out } = t.batch(params.jaxpr, batched, axis);
    return {
      out: t.bind(jit, alignBatch(t.lax, x, at, 0), { ...params, jaxpr }),
      at: out.map((is) => (is ? 0 : null)),
    };
  },

  dce(t, used, params) {
    const { jaxpr, inputs } = t.dce(params.jaxpr, used);
    return { params: { ...params, jaxpr }, inputs, results: used };
  },

  bound: (inner, x, { jaxpr }) => inner(jaxpr, x),
  effects: ({ jaxpr }) => effectsOf([jaxpr]),
  breaks: {
    C1: (t) => {
      const jaxpr = t.trace((x) => [t.lax.neg(x)], [{ shape: [2], dtype: 'float32', weak: false }]);
      return { operands: [{ shape: [3], dtype: 'float32', weak: false }], params: { name: 'f', jaxpr, backend: null } };
    },
  },
});
