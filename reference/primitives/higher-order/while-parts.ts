/** What the rules of `while` and its transpose share: the roles of its operands, and loops over a part of the carry. */
import type { Jaxpr } from '../../core/jaxpr.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { repeated } from '../../core/repeated.ts';
import type { Transforms } from '../../core/rules.ts';
import { pick, spread } from './shared.ts';

export type WhileParams = {
  /** `consts of the predicate, carry → bool`. */
  readonly cond_jaxpr: Jaxpr;
  /** `consts of the body, carry → carry`. */
  readonly body_jaxpr: Jaxpr;
  readonly cond_nconsts: number;
  readonly body_nconsts: number;
};

/** The operands (or what goes with them) of an equation by role. */
export function whileRoles<T>(
  xs: readonly T[],
  { cond_nconsts: c, body_nconsts: b }: WhileParams,
): { cond: readonly T[]; body: readonly T[]; carry: readonly T[] } {
  return { cond: xs.slice(0, c), body: xs.slice(c, c + b), carry: xs.slice(c + b) };
}

/** The loop once more, for its numbers only. */
export const repeatedLoop = (p: WhileParams): WhileParams => ({
  ...p,
  cond_jaxpr: repeated(p.cond_jaxpr),
  body_jaxpr: repeated(p.body_jaxpr),
});

/** The loop over some of the carry, which must need no other part of it; `inputs`: the operands that it takes. */
export function loopOf(
  t: Transforms,
  p: WhileParams,
  carry: readonly boolean[],
): { readonly params: WhileParams; readonly inputs: readonly boolean[] } {
  const cond = t.dce(p.cond_jaxpr, [true]);
  const body = t.dce(p.body_jaxpr, carry);
  const need = {
    cond: cond.inputs.slice(0, p.cond_nconsts),
    body: body.inputs.slice(0, p.body_nconsts),
  };
  /** The smaller jaxpr, taking all of the carry that is kept. */
  const taking = ({ jaxpr, inputs }: typeof cond, whole: Jaxpr, consts: readonly boolean[]): Jaxpr => {
    const takes = [...consts, ...carry];
    return t.traceList(
      (x) => t.evaluate(jaxpr, pick(spread(x, takes), inputs) as NDArray[]),
      pick(whole.inAvals, takes),
    );
  };
  return {
    params: {
      cond_jaxpr: taking(cond, p.cond_jaxpr, need.cond),
      body_jaxpr: taking(body, p.body_jaxpr, need.body),
      cond_nconsts: need.cond.filter(Boolean).length,
      body_nconsts: need.body.filter(Boolean).length,
    },
    inputs: [...need.cond, ...need.body, ...carry],
  };
}
