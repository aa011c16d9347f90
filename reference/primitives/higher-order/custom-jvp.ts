/** `custom_jvp_call`: a function with a derivative of the user's own (spec/transformations/custom-jvp.md#custom_jvp_call). */
import type { Jaxpr } from '../../core/jaxpr.ts';
import { DifferentiationError } from '../../core/errors.ts';
import { isInexact } from '../../core/dtypes.ts';
import { type AxisScope, hasAxis } from '../../core/named-axes.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { defineHigherOrder, type HigherOrderPrimitive, type Tangent } from '../../core/primitive.ts';
import { closedOver } from '../../core/trace.ts';
import { alignBatch, effectsOf, fits, given, isLinear, knownValues, present, spread } from './shared.ts';

/** The user's rule as a jaxpr, traced when it is first needed: a rule may call its own function. */
export interface CustomRule {
  /** `constants, primals, tangents (one per primal) → results, their tangents`. */
  jaxpr(): Jaxpr;
  /** The named axes in whose scope it is traced; left out: none. */
  readonly axes?: AxisScope;
}

export type CustomJvpParams = {
  readonly name: string;
  readonly jaxpr: Jaxpr;
  /** How many operands, the first ones, the function closes over: nothing is known of derivatives in them. */
  readonly num_consts: number;
  /** null in a program read from a file, which keeps values only. */
  readonly jvp: CustomRule | null;
};

/** What a call says that was read from a file. */
export const notSaved = (name: string): DifferentiationError =>
  new DifferentiationError(
    `${name}: its custom derivative was not saved with the program, so it cannot be differentiated`,
  );

/** @throws DifferentiationError if one of the values that the function closes over has a tangent */
export function requireConstant(
  name: string,
  operands: readonly NDArray[],
  tangents: readonly Tangent[],
  count: number,
): void {
  const i = tangents.slice(0, count).findIndex((d) => d !== null);
  if (i >= 0) throw closedOver(name, operands[i]!);
}

export const customJvpCall: HigherOrderPrimitive<'custom_jvp_call', CustomJvpParams, 'C1'> = defineHigherOrder<
  'custom_jvp_call',
  CustomJvpParams,
  'C1'
>({
  name: 'custom_jvp_call',
  spec: 'spec/transformations/custom-jvp.md#custom_jvp_call',
  params: { name: { type: 'string' }, jaxpr: 'jaxpr', num_consts: { type: 'integer', minimum: 0 }, jvp: 'unsaved' },
  constraints: { C1: (x, { jaxpr }) => fits(jaxpr.inAvals, x, 'the jaxpr') },
  recurs: false,
  subJaxprs: ({ jaxpr }) => [jaxpr],
  withSubJaxprs: (params, [jaxpr]) => ({ ...params, jaxpr: jaxpr! }),
  infer: (_, { jaxpr }) => jaxpr.outAvals,
  evaluate: (machine, x, { jaxpr }) => machine.interpret(jaxpr, x),

  jvp(t, x, dx, { name, num_consts, jvp }) {
    if (jvp === null) throw notSaved(name);
    requireConstant(name, x, dx, num_consts);
    const tangents = x.slice(num_consts).map((v, i) => dx[num_consts + i] ?? t.lax.zerosLike(v));
    const all = t.evaluate(jvp.jaxpr(), [...x, ...tangents]);
    const n = all.length / 2;
    const out = all.slice(0, n);
    return { out, tangents: all.slice(n).map((d, j) => (isInexact(out[j]!.dtype) ? d : null)) };
  },

  /** Only a call that is linear by construction gets here: differentiation replaces all others by their rule. */
  partialEval: () => null,

  transpose(t, ct, x, { jaxpr }) {
    const linear = x.map(isLinear);
    const back = t.transpose(jaxpr, linear, given(ct));
    return spread(spread(t.evaluate(back.jaxpr, [...knownValues(x), ...present(ct)]), back.out), linear);
  },

  batch(t, x, at, axis, params) {
    const batched = at.map((a) => a !== null);
    const { jvp } = params;
    const everything = params.jaxpr.outputs.map(() => true);
    const wide: CustomJvpParams = {
      ...params,
      jaxpr: t.batch(params.jaxpr, batched, axis, everything).jaxpr,
      jvp: jvp && {
        ...jvp,
        jaxpr: () => {
          const arguments_ = batched.slice(params.num_consts);
          return t.batch(jvp.jaxpr(), [...batched, ...arguments_], axis, [...everything, ...everything]).jaxpr;
        },
      },
    };
    return { out: t.bind(customJvpCall, alignBatch(t.lax, x, at, 0), wide), at: everything.map(() => 0) };
  },

  /** The rule speaks of all results, so all stay. */
  dce: (_, used, params) => ({ params, inputs: params.jaxpr.inputs.map(() => true), results: used.map(() => true) }),

  bound: (inner, x, { jaxpr }) => inner(jaxpr, x),
  effects: ({ jaxpr }) => effectsOf([jaxpr]),
  laterJaxprs: ({ jvp }, name) => (jvp !== null && hasAxis(jvp.axes ?? null, name) ? [jvp.jaxpr()] : []),
  breaks: {
    C1: (t) => {
      const jaxpr = t.trace((x) => [t.lax.neg(x)], [{ shape: [2], dtype: 'float32', weak: false }]);
      return {
        operands: [{ shape: [3], dtype: 'float32', weak: false }],
        params: { name: 'f', jaxpr, num_consts: 0, jvp: null },
      };
    },
  },
});
