/**
 * `custom_linear_solve`: the solution x of A·x = b, where A is a program and somebody knows how to solve
 * (spec/transformations/custom-linear-solve.md#custom_linear_solve). Its derivatives are solutions of such equations.
 */
import { isInexact } from '../../core/dtypes.ts';
import { DifferentiationError } from '../../core/errors.ts';
import { aval, showAval } from '../../core/host.ts';
import { Jaxpr } from '../../core/jaxpr.ts';
import {
  type BatchAxis,
  defineHigherOrder,
  type HigherOrderPrimitive,
  knownOperand,
  operandAval,
} from '../../core/primitive.ts';
import type { Transforms } from '../../core/rules.ts';
import { toFront } from '../axes.ts';
import { effectsOf, fits, given, isLinear, present, spread } from './shared.ts';

export type LinearSolveParams = {
  /** `constants, x → A·x`. */
  readonly matvec: Jaxpr;
  /** `constants, b → x, further results`. */
  readonly solve: Jaxpr;
  /** The same two for the transpose of A; empty if that is not known. */
  readonly transposed: readonly Jaxpr[];
  /** How many operands, the first ones, are constants of the four programs. */
  readonly num_consts: number;
};

const programs = ({ matvec, solve, transposed }: LinearSolveParams): Jaxpr[] => [matvec, solve, ...transposed];
const programsOf = (
  [matvec, solve, ...transposed]: readonly Jaxpr[],
  params: LinearSolveParams,
): LinearSolveParams => ({
  ...params,
  matvec: matvec!,
  solve: solve!,
  transposed,
});

export const customLinearSolve: HigherOrderPrimitive<
  'custom_linear_solve',
  LinearSolveParams,
  'C1' | 'C2' | 'C3' | 'C4'
> = defineHigherOrder<'custom_linear_solve', LinearSolveParams, 'C1' | 'C2' | 'C3' | 'C4'>({
  name: 'custom_linear_solve',
  spec: 'spec/transformations/custom-linear-solve.md#custom_linear_solve',
  params: { matvec: 'jaxpr', solve: 'jaxpr', transposed: 'jaxprs', num_consts: { type: 'integer', minimum: 0 } },
  constraints: {
    C1: (x, { solve }) => fits(solve.inAvals, x, 'solve'),
    C2: (x, { num_consts }) => {
      const other = x.slice(num_consts).find((a) => !isInexact(a.dtype));
      return other === undefined || `b must be of floats or complex numbers, got ${showAval(other)}`;
    },
    C3: (_, { transposed: { length } }) =>
      length === 0 || length === 2 || `transposed must hold two programs or none, got ${length}`,
    C4: (x, params) => {
      const b = x.slice(params.num_consts);
      const verdicts = programs(params).flatMap((p) => [
        fits(p.inAvals, x, 'a program of the equation'),
        fits(b, p.outAvals.slice(0, b.length), 'x, as b,'),
      ]);
      return verdicts.find((v) => v !== true) ?? true;
    },
  },
  recurs: false,
  subJaxprs: programs,
  withSubJaxprs: (params, inner) => programsOf(inner, params),
  infer: (_, { solve }) => solve.outAvals,
  evaluate: (machine, x, { solve }) => machine.interpret(solve, x),

  /** A·x = b gives A·ẋ = ḃ − Ȧ·x. */
  jvp(t, operands, tangents, params) {
    const { num_consts, matvec } = params;
    const constants = operands.slice(0, num_consts);
    const n = operands.length - num_consts;
    const out = t.bind(customLinearSolve, operands, params);
    const none = out.map(() => null);
    const moving = tangents.slice(0, num_consts);
    const dual = t.jvp(matvec, [...given(moving), ...new Array<boolean>(n).fill(false)]);
    const product = t.evaluate(dual.jaxpr, [...constants, ...out.slice(0, n), ...present(moving)]);
    const change = spread(product.slice(n), dual.out);
    const right = tangents.slice(num_consts).map((db, i) => {
      const dAx = change[i] ?? null;
      return dAx === null ? db : t.lax.addTangents(db, t.lax.neg(dAx));
    });
    if (right.every((r) => r === null)) return { out, tangents: none };
    const whole = right.map((r, i) => r ?? t.lax.zerosLike(out[i]!));
    const dx = t.bind(customLinearSolve, [...constants, ...whole], params);
    return { out, tangents: [...dx.slice(0, n), ...none.slice(n)] };
  },

  /** What is known of A and b says nothing about x before all is. */
  partialEval: () => null,

  transpose(t, cotangents, operands, params) {
    const { matvec, solve, transposed, num_consts } = params;
    if (operands.slice(0, num_consts).some(isLinear)) {
      throw new DifferentiationError(
        'custom_linear_solve is not linear in the values that matvec and solve close over',
      );
    }
    const [vecmat, back] = transposed;
    if (vecmat === undefined || back === undefined) {
      throw new DifferentiationError(
        'custom_linear_solve: reverse mode solves the transposed equation; give lax.customLinearSolve { transposeSolve }, or { symmetric: true } where A is its own transpose',
      );
    }
    const b = operands.slice(num_consts);
    const right = b.map((x, i) => cotangents[i] ?? t.lax.zerosLike(operandAval(x)));
    const constants = operands.slice(0, num_consts).map(knownOperand);
    const turned = { matvec: vecmat, solve: back, transposed: [matvec, solve], num_consts };
    const cts = t.bind(customLinearSolve, [...constants, ...right], turned);
    return [...constants.map(() => null), ...b.map((x, i) => (isLinear(x) ? cts[i]! : null))];
  },

  /** b and x get the axis wherever it comes from. */
  batch(t, operands, at, axis, params) {
    const n = params.num_consts;
    const wide = at.map((a, i) => i >= n || a !== null);
    const inner = programs(params).map((p) => wholeBatch(t, p, wide, axis));
    const values = operands.map((x, i) => (wide[i] ? toFront(t.lax, x, at[i]!, axis) : x));
    const out = t.bind(customLinearSolve, values, programsOf(inner, params));
    return { out, at: out.map(() => 0) };
  },

  /** x stays whole; further results and constants go. */
  dce(t, used, params) {
    const n = params.solve.inputs.length - params.num_consts;
    const wanted = (p: Jaxpr): boolean[] => p.outputs.map((_, i) => i < n || (p === params.solve && used[i] === true));
    const smaller = programs(params).map((p) => ({ ...t.dce(p, wanted(p)), whole: p }));
    const inputs = params.solve.inputs.map((_, i) => i >= params.num_consts || smaller.some((s) => s.inputs[i]));
    const inner = smaller.map(
      ({ jaxpr, whole }) => new Jaxpr({ ...jaxpr, inputs: whole.inputs.filter((_, i) => inputs[i]) }),
    );
    return {
      params: { ...programsOf(inner, params), num_consts: inputs.slice(0, params.num_consts).filter(Boolean).length },
      inputs,
      results: used.map((is, i) => i < n || is),
    };
  },

  /** The value is that of `solve`. */
  bound: (inner, x, { solve }) => inner(solve, x),
  effects: ({ solve }) => effectsOf([solve]),
  breaks: {
    C1: (t) => ({ operands: [aval([3], 'float32')], params: negation(t) }),
    C2: (t) => ({ operands: [aval([2], 'int32')], params: negation(t, 'int32') }),
    C3: (t) => {
      const params = negation(t);
      return { operands: [aval([2], 'float32')], params: { ...params, transposed: [params.matvec] } };
    },
    C4: (t) => ({
      operands: [aval([2], 'float32')],
      params: { ...negation(t), matvec: t.trace((x) => [t.lax.reduceSum(x, { axes: [0] })], [aval([2], 'float32')]) },
    }),
  },
});

const wholeBatch = (t: Transforms, p: Jaxpr, wide: readonly boolean[], axis: BatchAxis): Jaxpr =>
  t.batch(p, wide, axis, p.outputs.map(() => true)).jaxpr; // prettier-ignore

/** −x = b. */
function negation(t: Transforms, dtype: 'float32' | 'int32' = 'float32'): LinearSolveParams {
  const neg = t.trace((x) => [t.lax.neg(x)], [aval([2], dtype)]);
  return { matvec: neg, solve: neg, transposed: [], num_consts: 0 };
}
