/**
 * The transpose of `while`: the iterations from the last to the first. Each needs the known part of the carry as it was
 * then, and there is no telling beforehand how many there are, so nothing of that size is stored: a stack keeps the
 * carries of a few iterations, and what lies between two of them is computed again, by halves. For n iterations that is
 * a stack of ⌈log₂ n⌉ + 1 carries and about ½·n·log₂ n further evaluations of the known part (the bisection of
 * Griewank, "Achieving logarithmic growth of temporal and spatial complexity in reverse automatic differentiation", 1992).
 */
import type { Aval } from '../../core/host.ts';
import { Jaxpr } from '../../core/jaxpr.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { type Operand, operandAval, type Tangent } from '../../core/primitive.ts';
import type { Transforms } from '../../core/rules.ts';
import { cut, fixpoint, isLinear, knownValues, pick, spread } from './shared.ts';
import { loopOf, repeatedLoop, type WhileParams, whileRoles } from './while-parts.ts';

/** Iterations are counted in int32: halving less than 2³¹ of them takes at most 31 steps. */
const STACK = 33;

type Values = readonly NDArray[];
/** The transformations, and how to bind a `while`. */
type Tools = Transforms & { loop(operands: Values, params: WhileParams): Values };

/** Binds a loop over `carry` whose functions close over nothing but `consts`. */
function loop(
  t: Tools,
  consts: Values,
  carry: Values,
  goesOn: (carry: Values, consts: Values) => NDArray,
  step: (carry: Values, consts: Values) => Values,
): Values {
  const strong = (x: NDArray): Aval => ({ ...x.aval, weak: false });
  const avals = [...consts, ...carry].map(strong);
  const n = consts.length;
  return t.loop([...consts, ...consts, ...carry], {
    cond_jaxpr: t.traceList((x) => [goesOn(x.slice(n), x.slice(0, n))], avals),
    body_jaxpr: t.traceList((x) => step(x.slice(n), x.slice(0, n)), avals),
    cond_nconsts: n,
    body_nconsts: n,
  });
}

export function transposeWhile(
  t: Tools,
  ct: readonly Tangent[],
  x: readonly Operand[],
  loopParams: WhileParams,
): readonly Tangent[] {
  const { lax } = t;
  const p = repeatedLoop(loopParams);
  const parts = whileRoles(x, p);
  const constKnown = parts.body.map((b) => !isLinear(b));
  const linear = fixpoint(parts.carry.map(isLinear), (flags) =>
    t.partialEval(p.body_jaxpr, [...constKnown, ...flags.map((l) => !l)]).knownResults.map((k) => !k),
  );
  const known = linear.map((l) => !l);
  const split = t.partialEval(p.body_jaxpr, [...constKnown, ...known], linear);
  const residuals = split.residuals.map(() => false);
  const linearInputs = split.unknown.inputs.slice(residuals.length).map(() => true);
  const back = t.transpose(
    split.unknown,
    [...residuals, ...linearInputs],
    split.unknown.outputs.map(() => true),
    true,
  );

  // The known part alone: `consts, carry → carry`, and with the residuals of an iteration.
  const knownConsts = knownValues(parts.body);
  const start = pick(parts.carry, known).map((c) => knownValues([c])[0]!);
  const steps = split.known.outputs.length - residuals.length;
  const advance = new Jaxpr({ ...split.known, outputs: split.known.outputs.slice(0, steps) });
  const next = (carry: Values, consts: Values): Values => t.evaluate(advance, [...consts, ...carry]);

  const n = countIterations(t, p, known, x, start);
  const zero = lax.full([], 0, 'int32');
  const stack = start.map((c) => put(t, lax.zerosLike({ shape: [STACK, ...c.shape], dtype: c.dtype }), zero, c));
  const sums = parts.body.filter(isLinear).map((b) => lax.zerosLike(operandAval(b)));
  const cotangents = parts.carry.flatMap((_, i) =>
    linear[i] ? [ct[i] ?? lax.zerosLike(p.body_jaxpr.outAvals[i]!)] : [],
  );

  /** One iteration back: what the stack needs for iteration i − 1 is made, used and taken off. */
  const backwards = (state: Values, consts: Values): Values => {
    const [counters, saved, acc, cts] = cut(state, [3, stack.length, sums.length]);
    const [i, depth, positions] = counters!;
    const target = lax.sub(i!, 1);
    const filled = climb(t, consts, [depth!, positions!, ...saved!], target, next);
    const [top, where, ...carries] = filled;
    const here = carries.map((s) => at(t, s, top!));
    const values = t.evaluate(split.known, [...consts, ...here]).slice(steps);
    const pulled = t.evaluate(back.jaxpr, [...values, ...cts!]);
    return [
      target,
      lax.sub(top!, 1),
      where!,
      ...carries,
      ...acc!.map((sum, k) => lax.add(sum, pulled[k]!)),
      ...pulled.slice(acc!.length),
    ];
  };
  const initial = [n, zero, lax.full([STACK], 0, 'int32'), ...stack, ...sums, ...cotangents];
  const out = loop(t, knownConsts, initial, ([i]) => lax.gt(i!, 0), backwards).slice(3 + stack.length);
  const [dbody, dcarry] = cut(out, [sums.length]);
  const ofCarry = spread(dcarry!, linear);
  return [
    ...parts.cond.map(() => null),
    ...spread(dbody!, parts.body.map(isLinear)),
    ...parts.carry.map((c, i) => (isLinear(c) ? ofCarry[i]! : null)),
  ];
}

const zeros = (t: Tools, x: NDArray): NDArray[] => x.shape.map(() => t.lax.full([], 0, 'int32'));

/** Entry `index` of a stack. */
function at(t: Tools, stack: NDArray, index: NDArray): NDArray {
  const shape = stack.shape.slice(1);
  const entry = t.lax.dynamicSlice(stack, [index, ...shape.map(() => t.lax.full([], 0, 'int32'))], [1, ...shape]);
  return t.lax.reshape(entry, shape);
}

/** The stack with entry `index` replaced. */
function put(t: Tools, stack: NDArray, index: NDArray, value: NDArray): NDArray {
  return t.lax.dynamicUpdateSlice(stack, t.lax.expandDims(value, [0]), [index, ...zeros(t, value)]);
}

/** How often the body runs. */
function countIterations(
  t: Tools,
  p: WhileParams,
  known: readonly boolean[],
  x: readonly Operand[],
  start: Values,
): NDArray {
  const { params, inputs } = loopOf(t, p, known);
  const need = whileRoles(inputs, p);
  const parts = whileRoles(x, p);
  const cond = knownValues(pick(parts.cond, need.cond));
  const body = knownValues(pick(parts.body, need.body));
  const [n] = loop(
    t,
    [...cond, ...body],
    [t.lax.full([], 0, 'int32'), ...start],
    ([, ...carry], consts) => t.evaluate(params.cond_jaxpr, [...consts.slice(0, cond.length), ...carry])[0]!,
    ([k, ...carry], consts) => [
      t.lax.add(k!, 1),
      ...t.evaluate(params.body_jaxpr, [...consts.slice(cond.length), ...carry]),
    ],
  );
  return n!;
}

/**
 * Puts carries on the stack, each half of the way from the top to `target`, until the top is there.
 * The stack: `depth` of the top, the iterations that the entries belong to, the entries.
 */
function climb(
  t: Tools,
  consts: Values,
  stack: Values,
  target: NDArray,
  next: (carry: Values, consts: Values) => Values,
): Values {
  const { lax } = t;
  const climbed = loop(
    t,
    consts,
    [target, ...stack],
    ([goal, depth, positions]) => lax.lt(at(t, positions!, depth!), goal!),
    ([goal, depth, positions, ...saved], constants) => {
      const from = at(t, positions!, depth!);
      const gap = lax.sub(goal!, from);
      const distance = lax.sub(gap, lax.div(gap, 2));
      const above = lax.add(depth!, 1);
      const reached = loop(
        t,
        constants,
        [distance, ...saved.map((s) => at(t, s, depth!))],
        ([left]) => lax.gt(left!, 0),
        ([left, ...carry], inner) => [lax.sub(left!, 1), ...next(carry, inner)],
      ).slice(1);
      return [
        goal!,
        above,
        put(t, positions!, above, lax.add(from, distance)),
        ...saved.map((s, k) => put(t, s, above, reached[k]!)),
      ];
    },
  );
  return climbed.slice(1);
}
