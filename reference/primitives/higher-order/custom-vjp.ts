/**
 * `custom_vjp_call`: a function with a backward pass of the user's own
 * (spec/transformations/custom-vjp.md#custom_vjp_call), and `custom_lin`, the linear function that its derivative is:
 * one that can only be transposed.
 */
import { isInexact } from '../../core/dtypes.ts';
import { DifferentiationError } from '../../core/errors.ts';
import { type Aval, aval } from '../../core/host.ts';
import type { Jaxpr } from '../../core/jaxpr.ts';
import { type AxisScope, hasAxis } from '../../core/named-axes.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { defineHigherOrder, type HigherOrderPrimitive, type Tangent } from '../../core/primitive.ts';
import type { Transforms } from '../../core/rules.ts';
import { toFront } from '../axes.ts';
import { notSaved, requireConstant } from './custom-jvp.ts';
import { effectsOf, fits, isLinear, knownValues, spread } from './shared.ts';

/** The user's rules as jaxprs, traced when they are first needed. */
export interface VjpRule {
  /** `constants, operands → results, residuals`. */
  forward(): Jaxpr;
  /** `constants, residuals, cotangents of the inexact results → cotangents of the inexact operands`. */
  backward(): Jaxpr;
  /** The named axes in whose scope they are traced; left out: none. */
  readonly axes?: AxisScope;
}

export type CustomVjpParams = {
  readonly name: string;
  readonly jaxpr: Jaxpr;
  /** How many operands, the first ones, the function closes over: nothing is known of derivatives in them. */
  readonly num_consts: number;
  /** null in a program read from a file, which keeps values only. */
  readonly rule: VjpRule | null;
};

export const customVjpCall: HigherOrderPrimitive<'custom_vjp_call', CustomVjpParams, 'C1'> = defineHigherOrder<
  'custom_vjp_call',
  CustomVjpParams,
  'C1'
>({
  name: 'custom_vjp_call',
  spec: 'spec/transformations/custom-vjp.md#custom_vjp_call',
  params: { name: { type: 'string' }, jaxpr: 'jaxpr', num_consts: { type: 'integer', minimum: 0 }, rule: 'unsaved' },
  constraints: { C1: (x, { jaxpr }) => fits(jaxpr.inAvals, x, 'the jaxpr') },
  recurs: false,
  subJaxprs: ({ jaxpr }) => [jaxpr],
  withSubJaxprs: (params, [jaxpr]) => ({ ...params, jaxpr: jaxpr! }),
  infer: (_, { jaxpr }) => jaxpr.outAvals,
  evaluate: (machine, x, { jaxpr }) => machine.interpret(jaxpr, x),

  jvp(t, x, dx, { name, jaxpr, num_consts, rule }) {
    if (rule === null) throw notSaved(name);
    requireConstant(name, x, dx, num_consts);
    const n = jaxpr.outputs.length;
    const all = t.evaluate(rule.forward(), x);
    const out = all.slice(0, n);
    const residuals = [...x.slice(0, num_consts), ...all.slice(n)];
    const params = { name, backward: rule.backward(), num_residuals: residuals.length, rule: null };
    return { out, tangents: tangentsOf(t, out, x.slice(num_consts), dx.slice(num_consts), residuals, params) };
  },

  /** Differentiation replaces the call by its rule, so nobody asks. */
  partialEval: () => null,
  transpose: (_t, _ct, _x, { name }) => {
    throw new DifferentiationError(`${name}: a function with a custom backward pass is not known to be linear`);
  },

  /** Everything gets the axis, so that forward and backward agree; the transpose of the repetition adds up. */
  batch(t, x, at, axis, params) {
    const whole = (jaxpr: Jaxpr): Jaxpr =>
      t.batch(jaxpr, jaxpr.inputs.map(() => true), axis, jaxpr.outputs.map(() => true)).jaxpr; // prettier-ignore
    const { rule } = params;
    const wide: CustomVjpParams = {
      ...params,
      jaxpr: whole(params.jaxpr),
      rule: rule && { ...rule, forward: () => whole(rule.forward()), backward: () => whole(rule.backward()) },
    };
    const operands = x.map((v, i) => toFront(t.lax, v, at[i]!, axis));
    return { out: t.bind(customVjpCall, operands, wide), at: params.jaxpr.outputs.map(() => 0) };
  },

  /** The rules speak of all results, so all stay. */
  dce: (_, used, params) => ({ params, inputs: params.jaxpr.inputs.map(() => true), results: used.map(() => true) }),
  bound: (inner, x, { jaxpr }) => inner(jaxpr, x),
  effects: ({ jaxpr }) => effectsOf([jaxpr]),
  laterJaxprs: ({ rule }, name) =>
    rule !== null && hasAxis(rule.axes ?? null, name) ? [rule.forward(), rule.backward()] : [],
  breaks: {
    C1: (t) => ({
      operands: [aval([3], 'float32')],
      params: { name: 'f', jaxpr: t.trace((x) => [t.lax.neg(x)], [aval([2], 'float32')]), num_consts: 0, rule: null },
    }),
  },
});

export type CustomLinParams = {
  readonly name: string;
  /** `residuals, cotangents → cotangents of the operands after the residuals`. */
  readonly backward: Jaxpr;
  readonly num_residuals: number;
  /** The same as the user's function, which runs on values; `backward` is then traced from it when it is asked for. */
  readonly rule: BackwardRule | null;
};

export interface BackwardRule {
  readonly operands: number;
  readonly results: readonly Aval[];
  run(residualsAndCotangents: readonly NDArray[]): readonly NDArray[];
}

/** The tangents of the results of a call with a backward pass: linear in those of its inexact operands. */
export function tangentsOf(
  { lax, bind }: Pick<Transforms, 'lax' | 'bind'>,
  out: readonly NDArray[],
  operands: readonly NDArray[],
  tangents: readonly Tangent[],
  residuals: readonly NDArray[],
  params: CustomLinParams,
): Tangent[] {
  const dx = operands.flatMap((x, i) => (isInexact(x.dtype) ? [tangents[i] ?? lax.zerosLike(x)] : []));
  const active = out.map((y) => isInexact(y.dtype));
  return spread(bind(customLin, [...residuals, ...dx], params), active);
}

/** The tangents of a call's results: known by their types and their transpose only. */
export const customLin: HigherOrderPrimitive<'custom_lin', CustomLinParams, 'C1'> = defineHigherOrder<
  'custom_lin',
  CustomLinParams,
  'C1'
>({
  name: 'custom_lin',
  spec: 'spec/transformations/custom-vjp.md#custom_lin',
  params: {
    name: { type: 'string' },
    backward: 'jaxpr',
    num_residuals: { type: 'integer', minimum: 0 },
    rule: 'unsaved',
  },
  constraints: {
    C1: (x, params) => params.rule !== null || fits(operandsOf(params), x, 'the linear function'),
  },
  recurs: false,
  subJaxprs: ({ backward }) => [backward],
  withSubJaxprs: (params, [backward]) => ({ ...params, backward: backward!, rule: null }),
  infer: (_, params) => resultsOf(params),
  evaluate: (_machine, _x, { name }) => noForwardMode(name),
  jvp: (_t, _x, _dx, { name }) => noForwardMode(name),
  partialEval: () => null,

  known: (t, params) => resultsOf(params).map((a) => t.lax.zerosLike(a)),

  transpose(t, ct, x, params) {
    const n = params.num_residuals;
    const cts = resultsOf(params).map((a, j) => ct[j] ?? t.lax.zerosLike(a));
    const operands = [...knownValues(x.slice(0, n)), ...cts];
    const back = params.rule === null ? t.evaluate(params.backward, operands) : params.rule.run(operands);
    return x.map((v, i) => (isLinear(v) ? back[i - n]! : null));
  },

  batch(t, x, at, axis, params) {
    const { backward } = params;
    const all = (avals: readonly unknown[]): boolean[] => avals.map(() => true);
    const wide = t.batch(backward, all(backward.inputs), axis, all(backward.outputs)).jaxpr;
    const operands = x.map((v, i) => toFront(t.lax, v, at[i]!, axis));
    const out = t.bind(customLin, operands, { ...params, backward: wide, rule: null });
    return { out, at: out.map(() => 0) };
  },

  dce: (_, used, params) => ({
    params,
    inputs: new Array<boolean>(params.rule?.operands ?? operandsOf(params).length).fill(true),
    results: used.map(() => true),
  }),
  bound: (_inner, _x, { name }) => noForwardMode(name),
  /** Its value is never computed; what the backward pass does belongs to where it is transposed. */
  effects: () => new Set(),
  breaks: {
    C1: (t) => ({
      operands: [aval([3], 'float32')],
      params: {
        name: 'f',
        backward: t.trace((x) => [t.lax.neg(x)], [aval([2], 'float32')]),
        num_residuals: 0,
        rule: null,
      },
    }),
  },
});

const operandsOf = ({ backward, num_residuals: n }: CustomLinParams): Aval[] => [
  ...backward.inAvals.slice(0, n),
  ...backward.outAvals,
];
/** `backward` is left alone where the rule knows: asking for it traces it. */
const resultsOf = (params: CustomLinParams): readonly Aval[] =>
  params.rule?.results ?? params.backward.inAvals.slice(params.num_residuals);

function noForwardMode(name: string): never {
  throw new DifferentiationError(
    `${name} has a custom backward pass (customVjp) and none for forward mode: jvp, linearize's function and jacfwd cannot pass through it; use grad, vjp or jacrev, or define it with customJvp`,
  );
}
