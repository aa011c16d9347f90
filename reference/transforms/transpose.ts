/**
 * Transposition: a linear function run backwards (spec/transformations/vjp.md). What depends on known values only is
 * computed forwards first; then cotangents flow from the results to the linear inputs and add up where paths meet.
 */
import { DifferentiationError } from '../core/errors.ts';
import type { Var } from '../core/jaxpr.ts';
import { type Equation, type Jaxpr, Literal } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Operand, Tangent } from '../core/primitive.ts';
import type { Transforms } from '../core/rules.ts';
import { SourceLocation } from '../core/source.ts';
import { bind } from '../core/trace.ts';
import { Environment } from './evaluate.ts';
import { flags, memoised } from './memo.ts';
import { stageClosed } from './staging.ts';

/** Cotangents of the linear inputs, given those of the results. `known` are the other inputs, in order. */
export function backward(
  t: Transforms,
  jaxpr: Jaxpr,
  linear: readonly boolean[],
  known: readonly NDArray[],
  cotangents: readonly Tangent[],
): Tangent[] {
  const env = new Environment(jaxpr);
  let at = 0;
  jaxpr.inputs.forEach((v, i) => {
    if (!linear[i]) env.write(v, known[at++]!);
  });
  const waiting = forwards(jaxpr, env);
  const sums = new Map<Var, NDArray>();
  const accumulate = (v: Var, ct: Tangent): void => {
    const sum = t.lax.addTangents(sums.get(v) ?? null, ct);
    if (sum !== null) sums.set(v, sum);
  };
  jaxpr.outputs.forEach((y, j) => {
    if (!(y instanceof Literal) && !env.has(y)) accumulate(y, cotangents[j]!);
  });
  for (const equation of waiting.reverse()) {
    const given = equation.outputs.map((v) => sums.get(v) ?? null);
    for (const v of equation.outputs) sums.delete(v);
    if (given.every((ct) => ct === null)) continue;
    SourceLocation.within(equation.source, () => {
      const back = transposeEquation(t, equation, env, given);
      equation.inputs.forEach((x, i) => {
        if (!(x instanceof Literal) && !env.has(x)) accumulate(x, back[i] ?? null);
      });
    });
  }
  return jaxpr.inputs.filter((_, i) => linear[i]).map((v) => sums.get(v) ?? null);
}

/** Evaluates the equations that depend on known values only; gives the others. */
function forwards(jaxpr: Jaxpr, env: Environment): Equation[] {
  const waiting: Equation[] = [];
  for (const equation of jaxpr.equations) {
    const { primitive, inputs, params, outputs, source } = equation;
    if (!inputs.every((x) => env.has(x))) {
      waiting.push(equation);
      continue;
    }
    const operands = inputs.map((x) => env.read(x));
    const results = SourceLocation.within(source, () => bind(primitive, operands, params));
    outputs.forEach((v, i) => env.write(v, results[i]!));
  }
  return waiting;
}

function transposeEquation(
  t: Transforms,
  equation: Equation,
  env: Environment,
  given: readonly Tangent[],
): readonly Tangent[] {
  const { primitive, inputs, params } = equation;
  const operands: Operand[] = inputs.map((x) => (env.has(x) ? { known: env.read(x) } : { linear: x.aval }));
  if (primitive.kind === 'higher-order') return primitive.transpose(t, given, operands, params);
  const rule = primitive.differentiate;
  const positions = operands.flatMap((x, i) => ('linear' in x ? [i] : []));
  if ('zero' in rule) {
    if (rule.stops === true) return operands.map(() => null);
  } else {
    if (rule.jvp === 'linear') return rule.transpose(t.lax, given, operands, params);
    const { transpose } = rule;
    if (transpose?.linearIn.some((set) => positions.every((i) => set.includes(i)))) {
      return transpose.rule(t.lax, given, operands, params);
    }
  }
  throw new DifferentiationError(
    `${primitive.name} is not linear in operand ${positions.join(', ')}, so it has no transpose${at(equation)}`,
  );
}
const at = ({ source }: Equation): string => (source?.toString() ? ` (${source.toString()})` : '');

interface Transposed {
  readonly jaxpr: Jaxpr;
  readonly out: readonly boolean[];
}
const memo = memoised<Transposed>();

/** See `Transforms.transpose`. */
export function transposeJaxpr(
  t: Transforms,
  jaxpr: Jaxpr,
  linear: readonly boolean[],
  given: readonly boolean[],
  force: boolean = false,
): Transposed {
  return memo(jaxpr, `${flags(linear, given)}/${force}`, () => {
    const known = jaxpr.inAvals.filter((_, i) => !linear[i]);
    const waiting = jaxpr.inAvals.filter((_, i) => linear[i]);
    const results = jaxpr.outAvals.filter((_, j) => given[j]);
    let out: boolean[] = [];
    const back = stageClosed(
      (args) => {
        let next = known.length;
        const cotangents = given.map((is) => (is ? args[next++]! : null));
        const cts = backward(t, jaxpr, linear, args.slice(0, known.length), cotangents).map(
          (ct, i) => ct ?? (force ? t.lax.zerosLike(waiting[i]!) : null),
        );
        out = cts.map((ct) => ct !== null);
        return cts.filter((ct) => ct !== null);
      },
      [...known, ...results],
    );
    return { jaxpr: back, out };
  });
}
