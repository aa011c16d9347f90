/**
 * `while`: a carry goes through a program as long as a predicate of it holds
 * (spec/transformations/control-flow.md#while). Its transpose stands in while-transpose.ts.
 */
import { type Aval, aval, numbers, showAval, sizeOf } from '../../core/host.ts';
import type { Jaxpr } from '../../core/jaxpr.ts';
import { partLanes } from '../../core/named-axes.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { type Bounded, defineHigherOrder, type HigherOrderPrimitive, type Machine } from '../../core/primitive.ts';
import { repeated, speculative } from '../../core/repeated.ts';
import type { Lax, Transforms } from '../../core/rules.ts';
import {
  alignBatch,
  copy,
  copyMove,
  cut,
  effectsOf,
  fits,
  fixpoint,
  given,
  pick,
  present,
  repeat,
  spread,
} from './shared.ts';
import { loopOf, repeatedLoop, type WhileParams, whileRoles } from './while-parts.ts';
import { transposeWhile } from './while-transpose.ts';

export const while_: HigherOrderPrimitive<'while', WhileParams, 'C1' | 'C2' | 'C3' | 'C4' | 'C5'> = defineHigherOrder<
  'while',
  WhileParams,
  'C1' | 'C2' | 'C3' | 'C4' | 'C5'
>({
  name: 'while',
  spec: 'spec/transformations/control-flow.md#while',
  params: {
    cond_jaxpr: 'jaxpr',
    body_jaxpr: 'jaxpr',
    cond_nconsts: { type: 'integer', minimum: 0 },
    body_nconsts: { type: 'integer', minimum: 0 },
  },
  constraints: {
    C1: (x, p) =>
      p.cond_nconsts + p.body_nconsts <= x.length ||
      `cond_nconsts + body_nconsts must be at most ${x.length}, got ${p.cond_nconsts} + ${p.body_nconsts}`,
    C2: (x, p) => {
      const { cond, carry } = whileRoles(x, p);
      return fits(p.cond_jaxpr.inAvals, [...cond, ...carry], 'the predicate');
    },
    C3: (_, { cond_jaxpr: { outAvals } }) =>
      (outAvals.length === 1 && outAvals[0]!.dtype === 'bool' && outAvals[0]!.shape.length === 0) ||
      `the predicate must give one bool scalar, got (${outAvals.map(showAval).join(', ')})`,
    C4: (x, p) => {
      const { body, carry } = whileRoles(x, p);
      return fits(p.body_jaxpr.inAvals, [...body, ...carry], 'the body');
    },
    C5: (x, p) => fits(whileRoles(x, p).carry, p.body_jaxpr.outAvals, 'the carry'),
  },
  recurs: false,
  subJaxprs: ({ cond_jaxpr, body_jaxpr }) => [cond_jaxpr, body_jaxpr],
  withSubJaxprs: (params, [cond_jaxpr, body_jaxpr]) => ({
    ...params,
    cond_jaxpr: cond_jaxpr!,
    body_jaxpr: body_jaxpr!,
  }),
  infer: (_, { body_jaxpr }) => body_jaxpr.outAvals,

  evaluate<V>(machine: Machine<V>, operands: readonly V[], p: WhileParams): readonly V[] {
    const { cond, body, carry: initial } = whileRoles(operands, p);
    const holds = (carry: readonly V[]): boolean => {
      const [predicate] = machine.interpret(p.cond_jaxpr, [...cond, ...carry]);
      const is = numbers(machine.read(predicate!))[0] !== 0;
      machine.release(predicate!);
      return is;
    };
    let carry = initial;
    while (holds(carry)) {
      const next = machine.interpret(p.body_jaxpr, [...body, ...carry]);
      if (carry !== initial) for (const v of carry) machine.release(v);
      carry = next;
    }
    return carry === initial ? carry.map((v) => copy(machine, v)) : carry;
  },
  moves: (operands, p) => whileRoles(operands, p).carry.map(copyMove),

  jvp(t, x, dx, p) {
    const { cond, body, carry } = whileRoles(x, p);
    const tangents = whileRoles(dx, p);
    const flags = (nonzero: readonly boolean[]): boolean[] => [...given(tangents.body), ...nonzero];
    const nonzero = fixpoint(given(tangents.carry), (c) => t.jvp(p.body_jaxpr, flags(c)).out);
    const dual = t.jvp(p.body_jaxpr, flags(nonzero), nonzero).jaxpr;
    const dbody = present(tangents.body);
    const dcarry = carry.flatMap((c, i) => (nonzero[i] ? [tangents.carry[i] ?? t.lax.zerosLike(c)] : []));
    const sizes = [body.length, dbody.length, carry.length];
    const avals = (xs: readonly NDArray[]): Aval[] => xs.map((v) => ({ ...v.aval, weak: false }));
    const params: WhileParams = {
      ...p,
      cond_jaxpr: t.traceList(
        (args) => t.evaluate(p.cond_jaxpr, args.slice(0, cond.length + carry.length)),
        [...p.cond_jaxpr.inAvals, ...avals(dcarry)],
      ),
      body_jaxpr: t.traceList(
        (args) => {
          const [b, db, c, dc] = cut(args, sizes);
          return t.evaluate(dual, [...b!, ...c!, ...db!, ...dc!]);
        },
        [...avals(body), ...avals(dbody), ...avals(carry), ...avals(dcarry)],
      ),
      body_nconsts: body.length + dbody.length,
    };
    const out = t.bind(while_, [...cond, ...body, ...dbody, ...carry, ...dcarry], params);
    return { out: out.slice(0, carry.length), tangents: spread(out.slice(carry.length), nonzero) };
  },

  /**
   * What is known in every iteration is computed by a loop of its own, if the predicate asks for nothing else. The rest
   * cannot take that loop's values (there is no telling how many iterations there are), so the whole loop waits.
   */
  partialEval(t, known, p) {
    const is = whileRoles(known, p);
    const waits = fixpoint(
      is.carry.map((k) => !k),
      (unknown) => t.partialEval(p.body_jaxpr, [...is.body, ...unknown.map((u) => !u)]).knownResults.map((k) => !k),
    );
    const ready = waits.map((w) => !w);
    const decides = t.dce(p.cond_jaxpr, [true]).inputs;
    if (decides.some((needed, i) => needed && ![...is.cond, ...ready][i]) || !ready.some(Boolean)) return null;
    const at = whileRoles(
      known.map((_, i) => i),
      p,
    );
    const { params, inputs } = loopOf(t, { ...p, body_jaxpr: knownBody(t, p, is.body, ready) }, ready);
    const needed = whileRoles(inputs, p);
    return {
      known: params,
      knownInputs: [...pick(at.cond, needed.cond), ...pick(at.body, needed.body), ...pick(at.carry, ready)],
      unknown: repeatedLoop(p),
      unknownInputs: known.map((_, operand) => ({ operand })),
      unknownResults: waits,
      knownResults: ready,
    };
  },

  transpose: (t, ct, x, p) => transposeWhile({ ...t, loop: (xs, params) => t.bind(while_, xs, params) }, ct, x, p),

  batch(t, x, at, axis, p) {
    const parts = whileRoles(x, p);
    const where = whileRoles(at, p);
    const is = whileRoles(
      at.map((a) => a !== null),
      p,
    );
    let carry = fixpoint(is.carry, (c) => t.batch(p.body_jaxpr, [...is.body, ...c], axis).out);
    const [apart] = t.batch(p.cond_jaxpr, [...is.cond, ...carry], axis).out;
    if (apart) {
      partLanes(axis, [p.cond_jaxpr, p.body_jaxpr], 'while: the end of the loop');
      carry = carry.map(() => true);
    }
    const cond = t.batch(p.cond_jaxpr, [...is.cond, ...carry], axis).jaxpr;
    const body = t.batch(p.body_jaxpr, [...is.body, ...carry], axis, carry).jaxpr;
    const initial = alignBatch(t.lax, parts.carry, where.carry, 0).map((c, i) =>
      carry[i] && where.carry[i] === null ? repeat(t.lax, c, axis) : c,
    );
    const consts = [...alignBatch(t.lax, parts.cond, where.cond, 0), ...alignBatch(t.lax, parts.body, where.body, 0)];
    const params = apart
      ? lanewise(t, cond, body, [...is.body, ...carry], p)
      : { ...p, cond_jaxpr: cond, body_jaxpr: body };
    const operands = apart ? [...consts.slice(0, p.cond_nconsts), ...consts, ...initial] : [...consts, ...initial];
    return { out: t.bind(while_, operands, params), at: carry.map((b) => (b ? 0 : null)) };
  },

  dce(t, used, p) {
    const decides = whileRoles(t.dce(p.cond_jaxpr, [true]).inputs, { ...p, body_nconsts: 0 }).carry;
    const carry = fixpoint(
      used.map((u, i) => u || decides[i]!),
      (c) => t.dce(p.body_jaxpr, c).inputs.slice(p.body_nconsts),
    );
    const { params, inputs } = loopOf(t, p, carry);
    return { params, inputs, results: carry };
  },

  bound(inner, x, p) {
    const { cond, body, carry: initial } = whileRoles(x, p);
    let carry = initial;
    for (let certain = true; ; carry = inner(p.body_jaxpr, [...body, ...carry])) {
      const [predicate] = inner(p.cond_jaxpr, [...cond, ...carry]);
      certain &&= predicate!.bound === null || predicate!.bound.worst.every((w) => w === 0);
      if (numbers(predicate!.value)[0] === 0) return certain ? carry : carry.map(nothingKnown);
    }
  },
  effects: ({ cond_jaxpr, body_jaxpr }) => effectsOf([cond_jaxpr, body_jaxpr]),
  place: (_, program, run) => `while, ${program === 0 ? 'predicate of ' : ''}iteration ${run}`,
  breaks: {
    C1: (t) => ({ operands: [scalar], params: { ...example(t), cond_nconsts: 2 } }),
    C2: (t) => ({ operands: [aval([3], 'float32')], params: example(t) }),
    C3: (t) => ({ operands: [scalar], params: { ...example(t), cond_jaxpr: t.trace((c) => [c], [scalar]) } }),
    C4: (t) => ({
      operands: [scalar],
      params: { ...example(t), body_jaxpr: t.trace((c) => [t.lax.reshape(c, [])], [aval([1], 'float32')]) },
    }),
    C5: (t) => ({
      operands: [scalar],
      params: { ...example(t), body_jaxpr: t.trace((c) => [t.lax.eq(c, c)], [scalar]) },
    }),
  },
});

const scalar: Aval = aval([], 'float32');
const example = (t: Transforms): WhileParams => ({
  cond_jaxpr: t.trace((c) => [t.lax.lt(c, 10)], [scalar]),
  body_jaxpr: t.trace((c) => [t.lax.add(c, 1)], [scalar]),
  cond_nconsts: 0,
  body_nconsts: 0,
});

/** The body as far as it is known: the carry that waits stays what it is, and what is done with it alone is left out. */
function knownBody(t: Transforms, p: WhileParams, consts: readonly boolean[], ready: readonly boolean[]): Jaxpr {
  const { known } = t.partialEval(p.body_jaxpr, [...consts, ...ready], ready.map((r) => !r)); // prettier-ignore
  return t.traceList((x) => {
    const next = spread(
      t.evaluate(known, pick(x, [...consts, ...ready])).slice(0, ready.filter(Boolean).length),
      ready,
    );
    return x.slice(p.body_nconsts).map((c, i) => next[i] ?? c);
  }, p.body_jaxpr.inAvals);
}

/**
 * The loop whose examples stop one by one: it goes on while any of them does, and those that have stopped keep their
 * carry. For them the body runs on what the first example that goes on has: on their own carry it may be infinite, and
 * its derivative too, which in reverse mode would meet a cotangent of 0 and give NaN. The body asks the predicate again,
 * so it takes its consts as well.
 */
function lanewise(t: Transforms, cond: Jaxpr, body: Jaxpr, batched: readonly boolean[], p: WhileParams): WhileParams {
  const { lax } = t;
  const condConsts = cond.inAvals.slice(0, p.cond_nconsts);
  return {
    cond_jaxpr: t.traceList((x) => [lax.reduceOr(t.evaluate(cond, x)[0]!, [0])], cond.inAvals),
    body_jaxpr: t.traceList(
      (args) => {
        const [c, b, carry] = cut(args, [p.cond_nconsts, p.body_nconsts]);
        const [goesOn] = t.evaluate(repeated(cond), [...c!, ...carry!]);
        const where = (v: NDArray, otherwise: NDArray): NDArray =>
          lax.select(lax.broadcastInDim(goesOn!, v.shape, [0]), v, otherwise);
        const operands = [...b!, ...carry!].map((v, i) => (batched[i] ? where(v, everyRow(lax, v, goesOn!)) : v));
        return t.evaluate(speculative(body), operands).map((v, i) => where(v, carry![i]!));
      },
      [...condConsts, ...body.inAvals],
    ),
    cond_nconsts: p.cond_nconsts,
    body_nconsts: p.cond_nconsts + p.body_nconsts,
  };
}

/** Every row is the first one that is marked. */
function everyRow(lax: Lax, x: NDArray, marked: NDArray): NDArray {
  if (x.shape[0] === 0) return x;
  const first = lax.argmax(lax.convertElementType(marked, 'int32'), 0);
  const starts = x.shape.map((_, d) => (d === 0 ? first : lax.full([], 0, 'int32')));
  const row = lax.dynamicSlice(x, starts, x.shape.with(0, 1));
  return lax.broadcastInDim(lax.squeeze(row, [0]), x.shape, x.shape.map((_, d) => d).slice(1));
}

/** Where it is uncertain when the loop ends, its results are not known at all. */
function nothingKnown({ value }: Bounded): Bounded {
  const unknown = new Float64Array(sizeOf(value.shape)).fill(Infinity);
  return { value, bound: { worst: unknown, variance: unknown } };
}
