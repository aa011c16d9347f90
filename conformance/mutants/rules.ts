/** Rules of transformations that go wrong: tangents, cotangents, batches. */
import { isComplex } from '../../reference/core/dtypes.ts';
import { type Aval, sameAval } from '../../reference/core/host.ts';
import { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import type {
  AnyFirstOrder,
  AnyHigherOrder,
  AnyPrimitive,
  BatchAxis,
  Batched,
  Differentiation,
  Operand,
  Params,
  Tangent,
} from '../../reference/core/primitive.ts';
import type { Lax, Transforms } from '../../reference/core/rules.ts';
import { bind } from '../../reference/core/trace.ts';
import { toFront } from '../../reference/primitives/axes.ts';

/** The transformation whose rule is wrong. */
export type RuleOf = 'jvp' | 'vjp' | 'vmap';

/** A way to get a rule wrong; `change` gives null where the primitive has no such rule. */
export interface RuleOperator {
  readonly name: string;
  readonly of: RuleOf;
  change(primitive: AnyPrimitive): AnyPrimitive | null;
}

// ---- tangents

type Tangents = (lax: Lax, tangents: readonly Tangent[]) => readonly Tangent[];
const each =
  (f: (lax: Lax, dx: NDArray) => NDArray | null): Tangents =>
  (lax, tangents) =>
    tangents.map((dx) => dx && f(lax, dx));

/** Every tangent but the last one there is. */
const withoutLast: Tangents = (_, tangents) => {
  const last = tangents.findLastIndex((dx) => dx !== null);
  return tangents.filter((dx) => dx !== null).length < 2 ? tangents : tangents.with(last, null);
};

/** The rule with other tangents going in, or coming out. */
function tangents(
  name: string,
  { before = (_, dx) => dx, after = (_, dy) => dy }: { before?: Tangents; after?: Tangents },
): RuleOperator {
  return {
    name,
    of: 'jvp',
    change(p) {
      if (p.kind === 'higher-order') {
        const jvp: AnyHigherOrder['jvp'] = (t, x, dx, params) => {
          const right = p.jvp(t, x, before(t.lax, dx), params);
          return { out: right.out, tangents: after(t.lax, right.tangents) };
        };
        return { ...p, jvp };
      }
      if (p.kind !== 'first-order') return null;
      const rule = p.differentiate as Differentiation<Params>;
      if ('zero' in rule || rule.jvp === 'linear') return null;
      const own = rule.jvp;
      const jvp: typeof own = (lax, x, dx, y, params) => after(lax, own(lax, x, before(lax, dx), y, params));
      return { ...p, differentiate: { ...rule, jvp } };
    },
  };
}

// ---- cotangents

type Cotangents = (lax: Lax, cotangents: readonly Tangent[], operands: readonly Operand[]) => readonly Tangent[];

/** Every cotangent as it is, but for those that `f` changes. */
const eachCotangent =
  (f: (lax: Lax, ct: NDArray) => NDArray | null): Cotangents =>
  (lax, cts) =>
    cts.map((ct) => ct && f(lax, ct));

function cotangents(name: string, after: Cotangents): RuleOperator {
  return {
    name,
    of: 'vjp',
    change(p) {
      if (p.kind === 'higher-order') {
        const transpose: AnyHigherOrder['transpose'] = (t, cts, x, params) =>
          after(t.lax, p.transpose(t, cts, x, params), x);
        return { ...p, transpose };
      }
      if (p.kind !== 'first-order') return null;
      const rule = p.differentiate as Differentiation<Params>;
      if ('zero' in rule) return null;
      if (rule.jvp === 'linear') {
        const own = rule.transpose;
        return {
          ...p,
          differentiate: {
            ...rule,
            transpose: (lax, cts, x, params) => after(lax, own(lax, cts, x, params), x),
          } as typeof rule,
        };
      }
      const { transpose } = rule;
      if (transpose === undefined) return null;
      const changed: typeof transpose = {
        ...transpose,
        rule: (lax, cts, x, params) => after(lax, transpose.rule(lax, cts, x, params), x),
      };
      return { ...p, differentiate: { ...rule, transpose: changed } };
    },
  };
}

/** The last two axes exchanged where they have one size. */
function turned(lax: Lax, x: NDArray): NDArray {
  const n = x.ndim;
  if (n < 2 || x.shape[n - 1] !== x.shape[n - 2]) return x;
  return lax.transpose(x, [...Array.from({ length: n - 2 }, (_, d) => d), n - 1, n - 2]);
}

const reversed = (lax: Lax, x: NDArray): NDArray => (x.ndim === 0 ? x : lax.rev(x, [0]));

/** What a sum over `axis` would be, were it only its first slice. */
function firstOf(lax: Lax, x: NDArray, axis: number): NDArray {
  if (x.shape[axis]! < 2) return x;
  const first = lax.sliceInDim(x, 0, 1, 1, axis);
  return lax.broadcastInDim(first, x.shape, x.shape.map((_, d) => d)); // prettier-ignore
}

// ---- batches

type Lanes = (lax: Lax, y: NDArray, at: number) => NDArray;

type BatchRule = (
  t: Transforms,
  xs: readonly NDArray[],
  at: readonly (number | null)[],
  axis: BatchAxis,
  params: Params,
) => Batched;

function ruleOfBatch(p: AnyFirstOrder | AnyHigherOrder): BatchRule {
  return (t, xs, at, axis, params) => {
    if (p.kind === 'higher-order') return p.batch(t, xs, at, axis, params);
    if (p.batch !== 'elementwise') return p.batch(t.lax, xs, at, axis, params);
    const front = xs.map((x, i) => toFront(t.lax, x, at[i]!, axis));
    const out = bind(p, front, params);
    return { out, at: out.map(() => 0) };
  };
}

/** The rule's results with their lanes changed. `partly`: only where some operand is the same for all lanes. */
function lanes(name: string, change: Lanes, partly: boolean = false): RuleOperator {
  return {
    name,
    of: 'vmap',
    change(p) {
      if (p.kind === 'collective') return null;
      const own = ruleOfBatch(p);
      const spoiled: BatchRule = (t, xs, at, axis, params) => {
        const right = own(t, xs, at, axis, params);
        if (partly && !at.includes(null)) return right;
        return { ...right, out: right.out.map((y, j) => (right.at[j] === null ? y : change(t.lax, y, right.at[j]!))) };
      };
      if (p.kind === 'higher-order') return { ...p, batch: spoiled };
      // A rule of a first-order primitive is not given the transformations, and its own needs none of them.
      const batch = (lax: Lax, ...rest: [readonly NDArray[], readonly (number | null)[], BatchAxis, Params]): Batched =>
        spoiled({ lax } as Transforms, ...rest);
      return { ...p, batch };
    },
  };
}

/** The batch axis is taken for another one of its size. */
const mistaken: Lanes = (lax, y, at) => {
  const other = y.shape.findIndex((n, d) => d !== at && n === y.shape[at]);
  if (other < 0) return y;
  return lax.transpose(y, y.shape.map((_, d) => (d === at ? other : d === other ? at : d))); // prettier-ignore
};

const negated = (lax: Lax, x: NDArray): NDArray => lax.neg(x);
const doubled = (lax: Lax, x: NDArray): NDArray => lax.add(x, x);
const conjugated = (lax: Lax, x: NDArray): NDArray => (isComplex(x.dtype) ? lax.conj(x) : x);

export const RULE_OPERATORS: readonly RuleOperator[] = [
  tangents('last-tangent-lost', { before: withoutLast }),
  tangents('tangent-negated', { after: each(negated) }),
  tangents('tangent-doubled', { after: each(doubled) }),
  tangents('tangent-conjugated', { after: each(conjugated) }),
  tangents('tangent-reversed', { after: each(reversed) }),
  tangents('tangent-squared', { before: each((lax, dx) => lax.mul(dx, dx)) }),
  tangents('tangent-always-there', { after: each((lax, dy) => lax.add(dy, lax.fullLike(dy, 1))) }),
  cotangents('cotangent-negated', eachCotangent(negated)),
  cotangents('cotangent-doubled', eachCotangent(doubled)),
  cotangents('cotangent-lost', (_, cts) =>
    cts.with(
      cts.findLastIndex((ct) => ct !== null),
      null,
    ),
  ),
  cotangents('cotangent-conjugated', eachCotangent(conjugated)),
  cotangents('cotangent-reversed', eachCotangent(reversed)),
  cotangents('cotangent-turned', eachCotangent(turned)),
  cotangents(
    'cotangent-not-summed',
    eachCotangent((lax, ct) => (ct.ndim === 0 ? ct : firstOf(lax, ct, 0))),
  ),
  lanes('first-lane-for-all', firstOf),
  lanes('lanes-reversed', (lax, y, at) => lax.rev(y, [at])),
  lanes('lanes-mixed-beside-shared-operands', (lax, y, at) => lax.rev(y, [at]), true),
  lanes('batch-axis-mistaken', mistaken),
  lanes('lane-negated', (lax, y) => (y.dtype === 'bool' || /uint/.test(y.dtype) ? y : lax.neg(y))),
];

// ---- the transformations themselves

/** A way to get a transformation wrong, whatever the primitives. */
export interface TransformationOperator {
  readonly name: string;
  readonly of: RuleOf;
  change(t: Transforms): Partial<Transforms>;
}

/** The first two variables of one type exchanged. */
function exchanged<V extends { readonly aval: Aval }>(all: readonly V[], from: number = 0): readonly V[] {
  for (let i = from; i < all.length; i++) {
    const j = all.findIndex((v, k) => k > i && v !== all[i] && sameAval(v.aval, all[i]!.aval));
    if (j > i) return all.with(i, all[j]!).with(j, all[i]!);
  }
  return all;
}

export const TRANSFORMATION_OPERATORS: readonly TransformationOperator[] = [
  {
    name: 'fan-out-not-added-up',
    of: 'vjp',
    change: ({ lax }) => ({ lax: { ...lax, addTangents: (a, b) => b ?? a } }),
  },
  {
    name: 'residuals-exchanged',
    of: 'vjp',
    change: ({ partialEval }) => ({
      partialEval(...args) {
        const split = partialEval(...args);
        const { unknown, residuals } = split;
        const mixed = exchanged(unknown.inputs.slice(0, residuals.length));
        const inputs = [...mixed, ...unknown.inputs.slice(residuals.length)];
        return { ...split, unknown: new Jaxpr({ ...unknown, inputs }) };
      },
    }),
  },
  {
    name: 'cotangents-exchanged',
    of: 'vjp',
    change: ({ transpose }) => ({
      transpose(...args) {
        const { jaxpr, out } = transpose(...args);
        return { jaxpr: new Jaxpr({ ...jaxpr, outputs: exchanged(jaxpr.outputs) }), out };
      },
    }),
  },
  {
    name: 'tangents-exchanged',
    of: 'jvp',
    change: ({ jvp }) => ({
      jvp(jaxpr, ...rest) {
        const dual = jvp(jaxpr, ...rest);
        const outputs = exchanged(dual.jaxpr.outputs, jaxpr.outputs.length);
        return { ...dual, jaxpr: new Jaxpr({ ...dual.jaxpr, outputs }) };
      },
    }),
  },
];
