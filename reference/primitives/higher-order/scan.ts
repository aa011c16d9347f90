/**
 * `scan`: a jaxpr applied once per slice, a carry passing through (spec/transformations/control-flow.md#scan).
 * Its body maps `consts, carry, slices of xs` to `carry, slices of ys`.
 */
import { type Aval, aval } from '../../core/host.ts';
import { Jaxpr } from '../../core/jaxpr.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { type Bounded, defineHigherOrder, type HigherOrderPrimitive, type Machine } from '../../core/primitive.ts';
import type { Transforms } from '../../core/rules.ts';
import {
  alignBatch,
  copy,
  copyMove,
  cut,
  effectsOf,
  fits,
  fixpoint,
  given,
  isLinear,
  knownValues,
  pick,
  present,
  repeat,
  spread,
} from './shared.ts';
import { boundedRow, rowAt, rowMoves, stackBounded, stackMoves, stackRows } from './rows.ts';

export type ScanParams = {
  readonly jaxpr: Jaxpr;
  readonly length: number;
  /** From the last slice to the first. */
  readonly reverse: boolean;
  readonly num_consts: number;
  readonly num_carry: number;
};

/** The operands (or what goes with them) of an equation by role. */
function roles<T>(
  xs: readonly T[],
  { num_consts: c, num_carry: n }: Pick<ScanParams, 'num_consts' | 'num_carry'>,
): {
  consts: readonly T[];
  carry: readonly T[];
  xs: readonly T[];
} {
  return { consts: xs.slice(0, c), carry: xs.slice(c, c + n), xs: xs.slice(c + n) };
}
const results = <T>(ys: readonly T[], { num_carry: n }: ScanParams): { carry: readonly T[]; ys: readonly T[] } => ({
  carry: ys.slice(0, n),
  ys: ys.slice(n),
});
const stacked = (a: Aval, length: number): Aval => ({ ...a, shape: [length, ...a.shape], weak: false });
const order = ({ length, reverse }: ScanParams): number[] =>
  Array.from({ length }, (_, k) => (reverse ? length - 1 - k : k));

export const scan: HigherOrderPrimitive<'scan', ScanParams, 'C1' | 'C2' | 'C3' | 'C4'> = defineHigherOrder<
  'scan',
  ScanParams,
  'C1' | 'C2' | 'C3' | 'C4'
>({
  name: 'scan',
  spec: 'spec/transformations/control-flow.md#scan',
  params: {
    jaxpr: 'jaxpr',
    length: { type: 'integer', minimum: 0 },
    reverse: { type: 'boolean' },
    num_consts: { type: 'integer', minimum: 0 },
    num_carry: { type: 'integer', minimum: 0 },
  },
  constraints: {
    C1: (x, { num_consts: c, num_carry: n, jaxpr }) =>
      (c + n <= x.length && n <= jaxpr.outputs.length) ||
      `num_consts + num_carry must be at most ${x.length}, got ${c} + ${n}`,
    C2: (x, p) => {
      const wrong = roles(x, p).xs.findIndex((a) => a.shape[0] !== p.length);
      return (
        wrong < 0 ||
        `xs ${wrong} must have ${p.length} slices along axis 0, got shape [${roles(x, p).xs[wrong]!.shape.join(', ')}]`
      );
    },
    C3: (x, p) => {
      const { consts, carry, xs } = roles(x, p);
      return fits(
        p.jaxpr.inAvals,
        [...consts, ...carry, ...xs.map((a) => ({ ...a, shape: a.shape.slice(1) }))],
        'the body',
      );
    },
    C4: (x, p) => fits(roles(x, p).carry, results(p.jaxpr.outAvals, p).carry, 'the carry'),
  },
  recurs: false,
  subJaxprs: ({ jaxpr }) => [jaxpr],
  withSubJaxprs: (params, [jaxpr]) => ({ ...params, jaxpr: jaxpr! }),
  infer(_, p) {
    const { carry, ys } = results(p.jaxpr.outAvals, p);
    return [...carry, ...ys.map((a) => stacked(a, p.length))];
  },

  evaluate<V>(machine: Machine<V>, operands: readonly V[], p: ScanParams): readonly V[] {
    const { consts, carry: initial, xs } = roles(operands, p);
    let carry = initial;
    const rows: (readonly V[])[] = [];
    for (const k of order(p)) {
      const slices = xs.map((x) => rowAt(machine, x, k));
      const out = results(machine.interpret(p.jaxpr, [...consts, ...carry, ...slices]), p);
      for (const v of slices) machine.release(v);
      if (carry !== initial) for (const v of carry) machine.release(v);
      carry = out.carry;
      rows.push(out.ys);
    }
    if (p.reverse) rows.reverse();
    const ys = results(p.jaxpr.outAvals, p).ys.map((a, j) =>
      stackRows(
        machine,
        rows.map((r) => r[j]!),
        stacked(a, p.length),
      ),
    );
    return [...(carry === initial ? carry.map((v) => copy(machine, v)) : carry), ...ys];
  },

  moves(operands, p) {
    const { carry, xs } = roles(operands, p);
    const ys = results(p.jaxpr.outAvals, p).ys.map((a) => stacked(a, p.length));
    return p.length === 0 ? carry.map(copyMove) : [...xs.flatMap(rowMoves), ...ys.flatMap(stackMoves)];
  },

  jvp(t, x, dx, p) {
    const { consts, carry, xs } = roles(x, p);
    const tangents = roles(dx, p);
    const body = dualBody(t, roles(given(dx), p), p);
    const dcarry = carry.flatMap((c, i) => (body.carry[i] ? [tangents.carry[i] ?? t.lax.zerosLike(c)] : []));
    const dconsts = present(tangents.consts);
    const operands = [...consts, ...dconsts, ...carry, ...dcarry, ...xs, ...present(tangents.xs)];
    const out = t.bind(scan, operands, {
      ...p,
      jaxpr: body.jaxpr,
      num_consts: consts.length + dconsts.length,
      num_carry: carry.length + dcarry.length,
    });
    const [y, dy, ys, dys] = cut(out, [carry.length, dcarry.length, p.jaxpr.outputs.length - carry.length]);
    return { out: [...y!, ...ys!], tangents: [...spread(dy!, body.carry), ...spread(dys!, body.ys)] };
  },

  partialEval(t, known, p) {
    const is = roles(known, p);
    const at = roles(
      known.map((_, i) => i),
      p,
    );
    // A carry is known only if it stays so: in every iteration.
    const waits = fixpoint(
      is.carry.map((k) => !k),
      (unknown) => {
        const { knownResults } = t.partialEval(p.jaxpr, [...is.consts, ...unknown.map((u) => !u), ...is.xs]);
        return results(knownResults, p).carry.map((k) => !k);
      },
    );
    const carryKnown = waits.map((w) => !w);
    const force = [...waits, ...p.jaxpr.outputs.slice(p.num_carry).map(() => false)];
    const split = t.partialEval(p.jaxpr, [...is.consts, ...carryKnown, ...is.xs], force);

    // A residual that is one of the known constants is passed on as such; the others become slices.
    const ready = split.knownResults.filter(Boolean).length;
    const [resultAtoms, residualAtoms] = [split.known.outputs.slice(0, ready), split.known.outputs.slice(ready)];
    const constVars = split.known.inputs.slice(0, is.consts.filter(Boolean).length);
    const constOf = residualAtoms.map((atom) => constVars.findIndex((v) => v === atom));
    const invariant = constOf.map((i) => i >= 0);
    const varying = invariant.map((i) => !i);

    const counts = [split.residuals.length, is.consts.filter((k) => !k).length, waits.filter(Boolean).length];
    const [residualAvals, constAvals, carryAvals, xsAvals] = cut(split.unknown.inAvals, counts);
    const later = t.traceList(
      (x) => {
        const parts = cut(x, [
          pick(residualAvals!, invariant).length,
          counts[1]!,
          counts[2]!,
          pick(residualAvals!, varying).length,
        ]);
        const [fixed, consts, carry, sliced, xs] = parts as [NDArray[], NDArray[], NDArray[], NDArray[], NDArray[]];
        const [a, b] = [spread(fixed, invariant), spread(sliced, varying)];
        const residuals = a.map((r, i) => (r ?? b[i])!);
        return t.evaluate(split.unknown, [...residuals, ...consts, ...carry, ...xs]);
      },
      [
        ...pick(residualAvals!, invariant),
        ...constAvals!,
        ...carryAvals!,
        ...pick(residualAvals!, varying),
        ...xsAvals!,
      ],
    );
    const operands = (where: readonly number[], flags: readonly boolean[]): { operand: number }[] =>
      pick(where, flags).map((operand) => ({ operand }));
    const knownConsts = pick(at.consts, is.consts);
    return {
      known: {
        ...p,
        jaxpr: new Jaxpr({ ...split.known, outputs: [...resultAtoms, ...pick(residualAtoms, varying)] }),
        num_consts: knownConsts.length,
        num_carry: carryKnown.filter(Boolean).length,
      },
      knownInputs: [...knownConsts, ...pick(at.carry, carryKnown), ...pick(at.xs, is.xs)],
      unknown: {
        ...p,
        jaxpr: later,
        num_consts: pick(residualAvals!, invariant).length + counts[1]!,
        num_carry: counts[2]!,
      },
      unknownInputs: [
        ...pick(constOf, invariant).map((i) => ({ operand: knownConsts[i]! })),
        ...operands(
          at.consts,
          is.consts.map((k) => !k),
        ),
        ...operands(at.carry, waits),
        ...pick(residualAtoms, varying).map((_, residual) => ({ residual })),
        ...operands(
          at.xs,
          is.xs.map((k) => !k),
        ),
      ],
      knownResults: split.knownResults,
    };
  },

  /**
   * The scan runs the other way: cotangents of linear constants add up in the carry, beside the cotangent of the
   * carry; known slices and the cotangents of ys are its slices.
   */
  transpose(t, ct, x, p) {
    const parts = roles(x, p);
    const linear = {
      consts: parts.consts.map(isLinear),
      carry: parts.carry.map(() => true),
      xs: parts.xs.map(isLinear),
    };
    const avals = roles(p.jaxpr.inAvals, p);
    const cts = results(ct, p);
    const ysGiven = given(cts.ys);
    const flags = [...linear.consts, ...linear.carry, ...linear.xs];
    const { jaxpr: back } = t.transpose(p.jaxpr, flags, [...linear.carry, ...ysGiven], true);

    const sums = pick(avals.consts, linear.consts);
    const knownConsts = pick(
      avals.consts,
      linear.consts.map((l) => !l),
    );
    const knownXs = pick(
      avals.xs,
      linear.xs.map((l) => !l),
    );
    const ysAvals = pick(results(p.jaxpr.outAvals, p).ys, ysGiven);
    const body = t.traceList(
      (args) => {
        const split = cut(args, [knownConsts.length, sums.length, avals.carry.length, knownXs.length]);
        const [consts, acc, carry, xs, ys] = split as [NDArray[], NDArray[], NDArray[], NDArray[], NDArray[]];
        const out = t.evaluate(back, [...consts, ...xs, ...carry, ...ys]);
        return out.map((v, i) => (i < acc.length ? t.lax.add(acc[i]!, v) : v));
      },
      [...knownConsts, ...sums, ...avals.carry, ...knownXs, ...ysAvals],
    );
    const zeros = (list: readonly Aval[]): NDArray[] => list.map((a) => t.lax.zerosLike(a));
    const carry = cts.carry.map((c, i) => c ?? t.lax.zerosLike(avals.carry[i]!));
    const operands = [
      ...knownValues(parts.consts),
      ...zeros(sums),
      ...carry,
      ...knownValues(parts.xs),
      ...present(cts.ys),
    ];
    const out = t.bind(scan, operands, {
      ...p,
      jaxpr: body,
      reverse: !p.reverse,
      num_consts: knownConsts.length,
      num_carry: sums.length + avals.carry.length,
    });
    const [dconsts, dcarry, dxs] = cut(out, [sums.length, avals.carry.length]);
    return [
      ...spread(dconsts!, linear.consts),
      ...dcarry!.map((d, i) => (isLinear(parts.carry[i]!) ? d : null)),
      ...spread(dxs!, linear.xs),
    ];
  },

  batch(t, x, at, axis, p) {
    const parts = roles(x, p);
    const where = roles(at, p);
    const batched = roles(
      at.map((a) => a !== null),
      p,
    );
    const wide = (carry: readonly boolean[]): boolean[] => [...batched.consts, ...carry, ...batched.xs];
    const carry = fixpoint(batched.carry, (c) => results(t.batch(p.jaxpr, wide(c), axis).out, p).carry);
    const force = [...carry, ...p.jaxpr.outputs.slice(p.num_carry).map(() => false)];
    const { jaxpr, out } = t.batch(p.jaxpr, wide(carry), axis, force);
    const initial = alignBatch(t.lax, parts.carry, where.carry, 0).map((c, i) =>
      carry[i] && where.carry[i] === null ? repeat(t.lax, c, axis) : c,
    );
    const operands = [
      ...alignBatch(t.lax, parts.consts, where.consts, 0),
      ...initial,
      ...alignBatch(t.lax, parts.xs, where.xs, 1),
    ];
    return {
      out: t.bind(scan, operands, { ...p, jaxpr }),
      at: out.map((is, j) => (is ? (j < p.num_carry ? 0 : 1) : null)),
    };
  },

  dce(t, used, p) {
    const want = results(used, p);
    // A carry is needed if its result is, or if the body needs it for something that is.
    const carry = fixpoint(want.carry, (c) => roles(t.dce(p.jaxpr, [...c, ...want.ys]).inputs, p).carry);
    const { jaxpr, inputs } = t.dce(p.jaxpr, [...carry, ...want.ys]);
    const need = roles(inputs, p);
    const body = t.traceList(
      (x) => {
        const read = spread(x, [...need.consts, ...carry, ...need.xs]);
        return t.evaluate(jaxpr, pick(read, inputs) as NDArray[]);
      },
      pick(p.jaxpr.inAvals, [...need.consts, ...carry, ...need.xs]),
    );
    const params = {
      ...p,
      jaxpr: body,
      num_consts: need.consts.filter(Boolean).length,
      num_carry: carry.filter(Boolean).length,
    };
    return { params, inputs: [...need.consts, ...carry, ...need.xs], results: [...carry, ...want.ys] };
  },

  bound(inner, x, p) {
    const { consts, carry: initial, xs } = roles(x, p);
    let carry = initial;
    const rows: (readonly Bounded[])[] = [];
    for (const k of order(p)) {
      const out = results(inner(p.jaxpr, [...consts, ...carry, ...xs.map((b) => boundedRow(b, k))]), p);
      carry = out.carry;
      rows.push(out.ys);
    }
    if (p.reverse) rows.reverse();
    const ys = results(p.jaxpr.outAvals, p).ys;
    return [
      ...carry,
      ...ys.map((a, j) =>
        stackBounded(
          rows.map((r) => r[j]!),
          stacked(a, p.length),
        ),
      ),
    ];
  },
  effects: ({ jaxpr }) => effectsOf([jaxpr]),
  place: (p, _program, run) => `scan, iteration ${order(p)[run]!}`,
  breaks: {
    C1: (t) => ({ operands: [scalar], params: { ...example(t), num_consts: 2 } }),
    C2: (t) => ({ operands: [scalar, aval([4], 'float32')], params: example(t) }),
    C3: (t) => ({ operands: [scalar, aval([3, 2], 'float32')], params: example(t) }),
    C4: (t) => ({
      operands: [scalar, aval([3], 'float32')],
      params: { ...example(t), jaxpr: t.trace((c, v) => [t.lax.eq(c, v), v], [scalar, scalar]) },
    }),
  },
});

const scalar: Aval = aval([], 'float32');
const example = (t: Transforms): ScanParams => ({
  jaxpr: t.trace((c, v) => [t.lax.add(c, v), v], [scalar, scalar]),
  length: 3,
  reverse: false,
  num_consts: 0,
  num_carry: 1,
});

/** The body on dual numbers: `consts, dconsts, carry, dcarry, xs, dxs → carry, dcarry, ys, dys`. */
function dualBody(
  t: Transforms,
  nonzero: { consts: readonly boolean[]; carry: readonly boolean[]; xs: readonly boolean[] },
  p: ScanParams,
): { jaxpr: Jaxpr; carry: readonly boolean[]; ys: readonly boolean[] } {
  const flags = (carry: readonly boolean[]): boolean[] => [...nonzero.consts, ...carry, ...nonzero.xs];
  const carry = fixpoint(nonzero.carry, (c) => results(t.jvp(p.jaxpr, flags(c)).out, p).carry);
  const dual = t.jvp(p.jaxpr, flags(carry), [...carry, ...p.jaxpr.outputs.slice(p.num_carry).map(() => false)]);
  const avals = roles(p.jaxpr.inAvals, p);
  const dconsts = pick(avals.consts, nonzero.consts);
  const dcarry = pick(avals.carry, carry);
  const sizes = [avals.consts.length, dconsts.length, avals.carry.length, dcarry.length, avals.xs.length];
  const jaxpr = t.traceList(
    (x) => {
      const [c, dc, s, ds, v, dv] = cut(x, sizes);
      const out = t.evaluate(dual.jaxpr, [...c!, ...s!, ...v!, ...dc!, ...ds!, ...dv!]);
      const n = p.jaxpr.outputs.length;
      const [y, ys, dy, dys] = cut(out, [p.num_carry, n - p.num_carry, dcarry.length]);
      return [...y!, ...dy!, ...ys!, ...dys!];
    },
    [...avals.consts, ...dconsts, ...avals.carry, ...dcarry, ...avals.xs, ...pick(avals.xs, nonzero.xs)],
  );
  return { jaxpr, carry, ys: results(dual.out, p).ys };
}
