/** What `checkify` makes of the equations with programs inside: how an outcome comes out of them. */
import { isInexact } from '../../core/dtypes.ts';
import { type Aval, aval, sizeOf } from '../../core/host.ts';
import { Jaxpr } from '../../core/jaxpr.ts';
import type { NDArray } from '../../core/ndarray.ts';
import type { AnyHigherOrder, HigherOrder, Params } from '../../core/primitive.ts';
import { repeated } from '../../core/repeated.ts';
import type { Lax, Transforms } from '../../core/rules.ts';
import { SourceLocation } from '../../core/source.ts';
import { range } from '../../primitives/axes.ts';
import type { higherOrder, HigherOrderName } from '../../primitives/index.ts';
import { checkpoint, type CheckpointParams } from '../../primitives/higher-order/checkpoint.ts';
import type { CheckParams } from '../../primitives/higher-order/check.ts';
import { cond, type CondParams } from '../../primitives/higher-order/cond.ts';
import { customJvpCall, type CustomJvpParams } from '../../primitives/higher-order/custom-jvp.ts';
import { customLinearSolve, type LinearSolveParams } from '../../primitives/higher-order/custom-linear-solve.ts';
import {
  customLin,
  type CustomLinParams,
  customVjpCall,
  type CustomVjpParams,
} from '../../primitives/higher-order/custom-vjp.ts';
import { jit, type JitParams } from '../../primitives/higher-order/jit.ts';
import {
  reduce,
  reduceWindow,
  type ReduceParams,
  type ReduceWindowParams,
} from '../../primitives/higher-order/reduce.ts';
import { scan, type ScanParams } from '../../primitives/higher-order/scan.ts';
import { while_ } from '../../primitives/higher-order/while.ts';
import { type WhileParams, whileRoles } from '../../primitives/higher-order/while-parts.ts';
import { cut } from '../../primitives/higher-order/shared.ts';
import {
  among,
  arraysOf,
  type Checked,
  earlier,
  firstOfAll,
  inOrder,
  type Outcome,
  outcomeAvals,
  outcomeOf,
  part,
  parted,
  passed,
  single,
  type Site,
  valuesOf,
} from './outcome.ts';
import type { Rewriting } from './rewrite.ts';

/** null: there is nothing to check inside. */
type Rule<P> = (r: Rewriting, operands: readonly NDArray[], params: P) => Checked | null;

/** A call of a program: the program itself is rewritten. */
const called =
  <P extends { readonly jaxpr: Jaxpr }>(primitive: AnyHigherOrder): Rule<P> =>
  (r, xs, params) => {
    const { jaxpr, sites } = r.rewrite(params.jaxpr);
    return parted(r.t.lax, r.t.bind(primitive, xs, { ...params, jaxpr }), sites);
  };

/** Every branch gives an outcome of the sites of all. */
const conditional: Rule<CondParams> = (r, xs, { branches }) => {
  const { t } = r;
  const inner = branches.map(r.rewrite);
  const lists = inner.map((b) => b.sites);
  const sites = lists.flat();
  if (sites.length === 0) return null;
  const wide = inner.map((branch, i) =>
    t.trace((...args) => {
      const { out, found } = r.run(branch, args);
      return [...out, ...arraysOf(among(t.lax, found, i, lists))];
    }, branches[i]!.inAvals),
  );
  return parted(t.lax, t.bind(cond, xs, { branches: wide }), sites);
};

/** The outcome goes through the carry, and stays what it is from the first iteration on in which a check fails. */
const scanned: Rule<ScanParams> = (r, xs, p) => {
  const { t } = r;
  const inner = r.rewrite(p.jaxpr);
  const { sites } = inner;
  if (sites.length === 0) return null;
  const own = outcomeAvals(sites);
  const n = p.num_consts;
  const body = t.trace(
    (...args) => {
      const [consts, before, rest] = cut(args, [n, own.length]);
      const { out, found } = r.run(inner, [...consts!, ...rest!]);
      return [...arraysOf(earlier(t.lax, outcomeOf(before!), inOrder(t.lax, found).outcome)), ...out];
    },
    [...p.jaxpr.inAvals.slice(0, n), ...own, ...p.jaxpr.inAvals.slice(n)],
  );
  const operands = [...xs.slice(0, n), ...arraysOf(passed(t.lax, sites)), ...xs.slice(n)];
  const results = t.bind(scan, operands, { ...p, jaxpr: body, num_carry: p.num_carry + own.length });
  const outcome = outcomeOf(results.slice(0, own.length));
  return { out: results.slice(own.length), found: [part(t.lax, { sites, outcome })] };
};

/**
 * As a scan. A predicate cannot give an outcome, so it is asked again for it: in the body, before all else, and once
 * behind the loop, for the answer that has ended it.
 */
const looped: Rule<WhileParams> = (r, xs, p) => {
  const { t } = r;
  const [predicate, body] = [r.rewrite(p.cond_jaxpr), r.rewrite(p.body_jaxpr)];
  const lists = [predicate.sites, body.sites];
  const sites = lists.flat();
  if (sites.length === 0) return null;
  const again = { ...predicate, jaxpr: repeated(predicate.jaxpr) };
  const roles = whileRoles(xs, p);
  const own = outcomeAvals(sites);
  const [condConsts, bodyConsts] = [
    p.cond_jaxpr.inAvals.slice(0, p.cond_nconsts),
    p.body_jaxpr.inAvals.slice(0, p.body_nconsts),
  ];
  const carry = p.body_jaxpr.inAvals.slice(p.body_nconsts);
  const step = t.trace(
    (...args) => {
      const [c, b, before, values] = cut(args, [condConsts.length, bodyConsts.length, own.length]);
      const asked = r.run(again, [...c!, ...values!]);
      const done = r.run(body, [...b!, ...values!]);
      const now = inOrder(t.lax, [...asked.found, ...done.found]).outcome;
      return [...arraysOf(earlier(t.lax, outcomeOf(before!), now)), ...done.out];
    },
    [...condConsts, ...bodyConsts, ...own, ...carry],
  );
  const params: WhileParams = {
    ...p,
    cond_jaxpr: predicateOf(t, predicate.jaxpr, p, own),
    body_jaxpr: step,
    body_nconsts: p.cond_nconsts + p.body_nconsts,
  };
  const start = arraysOf(passed(t.lax, sites));
  const results = t.bind(while_, [...roles.cond, ...roles.cond, ...roles.body, ...start, ...roles.carry], params);
  const [outcome, out] = cut(results, [own.length]);
  const last = r.run(again, [...roles.cond, ...out!]);
  const after = among(t.lax, last.found, 0, lists);
  return { out: out!, found: [part(t.lax, { sites, outcome: earlier(t.lax, outcomeOf(outcome!), after) })] };
};

/** The predicate alone, without its outcome, beside a carry that begins with one. */
function predicateOf(t: Transforms, predicate: Jaxpr, p: WhileParams, own: readonly Aval[]): Jaxpr {
  const { jaxpr } = t.dce(predicate, predicate.outputs.map((_, j) => j === 0)); // prettier-ignore
  const plain = new Jaxpr({ ...jaxpr, inputs: predicate.inputs });
  const n = p.cond_nconsts;
  return t.trace(
    (...args) => t.evaluate(plain, [...args.slice(0, n), ...args.slice(n + own.length)]),
    [...predicate.inAvals.slice(0, n), ...own, ...predicate.inAvals.slice(n)],
  );
}

/** The program without its checks. */
const silenced = (r: Rewriting, jaxpr: Jaxpr): Jaxpr =>
  r.t.trace((...xs) => r.run(r.rewrite(jaxpr), xs).out, jaxpr.inAvals);

/**
 * What a function with a derivative of its own finds is the same whether it is differentiated or not: the checks in the
 * rule say nothing (those of the function, if the rule calls it, would say it twice).
 */
const withOwnJvp: Rule<CustomJvpParams> = (r, xs, params) => {
  const { t } = r;
  const { jaxpr, sites } = r.rewrite(params.jaxpr);
  const [n, m] = [params.jaxpr.inputs.length, params.jaxpr.outputs.length];
  const dual = (rule: Jaxpr): Jaxpr =>
    t.trace((...args) => {
      const both = t.evaluate(silenced(r, rule), args);
      const outcome = t.evaluate(repeated(jaxpr), args.slice(0, n)).slice(m);
      return [...both.slice(0, m), ...outcome, ...both.slice(m), ...outcome.map((x) => t.lax.zerosLike(x))];
    }, rule.inAvals);
  const { jvp } = params;
  const wide: CustomJvpParams = { ...params, jaxpr, jvp: jvp && { jaxpr: () => dual(jvp.jaxpr()) } };
  return parted(t.lax, t.bind(customJvpCall, xs, wide), sites);
};

const withOwnVjp: Rule<CustomVjpParams> = (r, xs, params) => {
  const { t } = r;
  const { jaxpr, sites } = r.rewrite(params.jaxpr);
  const m = params.jaxpr.outputs.length;
  const forward = (own: Jaxpr): Jaxpr =>
    t.trace((...args) => {
      const all = t.evaluate(silenced(r, own), args);
      return [...all.slice(0, m), ...t.evaluate(repeated(jaxpr), args).slice(m), ...all.slice(m)];
    }, own.inAvals);
  // The message's values have cotangents as all results do, which nobody asks for.
  const ignored = valuesOf(sites).filter((a) => isInexact(a.dtype));
  const backward = (own: Jaxpr): Jaxpr =>
    t.trace((...args) => t.evaluate(silenced(r, own), args.slice(0, own.inputs.length)), [...own.inAvals, ...ignored]);
  const { rule } = params;
  const wide: CustomVjpParams = {
    ...params,
    jaxpr,
    rule: rule && { forward: () => forward(rule.forward()), backward: () => backward(rule.backward()) },
  };
  return parted(t.lax, t.bind(customVjpCall, xs, wide), sites);
};

/** What is known by its transpose only has no value to check. */
const withoutValue: Rule<CustomLinParams> = (r, xs, params) => ({
  out: r.t.bind(customLin, xs, { ...params, backward: silenced(r, params.backward), rule: null }),
  found: [],
});

/** What solving finds is one more result that has no derivative; the other programs say nothing. */
const solved: Rule<LinearSolveParams> = (r, xs, params) => {
  const { jaxpr, sites } = r.rewrite(params.solve);
  const matvec = silenced(r, params.matvec);
  const transposed = params.transposed.map((program) => silenced(r, program));
  const results = r.t.bind(customLinearSolve, xs, { ...params, matvec, solve: jaxpr, transposed });
  return parted(r.t.lax, results, sites);
};

/** Outcomes are reduced beside the operands: in scalars, as a computation is one of scalars. */
const reduced =
  <P extends { readonly jaxpr: Jaxpr }>(primitive: AnyHigherOrder): Rule<P> =>
  (r, xs, params) => {
    const { lax, trace, bind } = r.t;
    const inner = r.rewrite(params.jaxpr);
    const { sites } = inner;
    if (sites.length === 0) return null;
    const n = xs.length / 2;
    const types = params.jaxpr.inAvals.slice(0, n);
    const scalars = outcomeAvals(sites).flatMap((a) => range(sizeOf(a.shape)).map(() => aval([], a.dtype)));
    const jaxpr = trace(
      (...args) => {
        const [a, before, b, also] = cut(args, [n, scalars.length, n]);
        const { out, found } = r.run(inner, [...a!, ...b!]);
        const now = arraysOf(inOrder(lax, found).outcome).flatMap((x) => elementsOf(lax, x));
        const first = [before!, also!, now].map(outcomeOf).reduce((x, y) => earlier(lax, x, y));
        return [...out, ...arraysOf(first)];
      },
      [...types, ...scalars, ...types, ...scalars],
    );
    const passing = scalars.map((a) => lax.full(xs[0]!.shape, 0, a.dtype));
    const start = scalars.map((a) => lax.zerosLike(a));
    const results = bind(primitive, [...xs.slice(0, n), ...passing, ...xs.slice(n), ...start], { ...params, jaxpr });
    const [out, rest] = cut(results, [n]);
    return { out: out!, found: [part(lax, { sites, outcome: firstOfAll(lax, ofElements(lax, rest!, sites), sites) })] };
  };

const elementsOf = (lax: Lax, x: NDArray): NDArray[] => {
  const line = lax.reshape(x, [x.size]);
  return range(x.size).map((i) => lax.reshape(lax.slice(line, [i], [i + 1]), []));
};

/** Outcomes along the axes of arrays that hold one element of them each. */
function ofElements(lax: Lax, elements: readonly NDArray[], sites: readonly Site[]): Outcome {
  const { shape, ndim } = elements[0]!;
  const types = outcomeAvals(sites);
  const parts = cut(elements, types.map((a) => sizeOf(a.shape))); // prettier-ignore
  return outcomeOf(
    types.map((a, i) => {
      if (sizeOf(a.shape) === 0) return lax.full([...shape, ...a.shape], 0, a.dtype);
      const columns = parts[i]!.map((x) => lax.reshape(x, [...shape, 1]));
      return lax.reshape(lax.concatenate(columns, ndim), [...shape, ...a.shape]);
    }),
  );
}

/** The check of the user becomes what it checks. */
const asked: Rule<CheckParams> = ({ t: { lax }, wanted }, [predicate, ...given], { category, message, source }) => {
  if (!wanted.categories.has(category)) return null;
  // Nobody differentiates a message.
  const values = given.map((x) => (isInexact(x.dtype) ? lax.stopGradient(x) : x));
  const site = { category, message, source: source ?? SourceLocation.capture(), values: values.map((v) => v.aval) };
  return { out: [], found: [single(lax, site, lax.bitwiseNot(predicate!), values)] };
};

type ParamsOf<N extends HigherOrderName> =
  (typeof higherOrder)[N] extends HigherOrder<string, infer P, infer _C> ? P : never;

const RULES: { readonly [N in HigherOrderName]: Rule<ParamsOf<N>> } = {
  jit: called<JitParams>(jit),
  checkpoint: called<CheckpointParams>(checkpoint),
  cond: conditional,
  scan: scanned,
  while: looped,
  custom_jvp_call: withOwnJvp,
  custom_vjp_call: withOwnVjp,
  custom_lin: withoutValue,
  custom_linear_solve: solved,
  reduce: reduced<ReduceParams>(reduce),
  reduce_window: reduced<ReduceWindowParams>(reduceWindow),
  check: asked,
  debug_callback: () => null,
};

/** The rule of a primitive of the table. */
export const ruleOf = ({ name }: AnyHigherOrder): Rule<Params> => RULES[name as HigherOrderName] as Rule<Params>;
