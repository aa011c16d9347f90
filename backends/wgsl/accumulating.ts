/** One invocation combines states, one after the other. */
import type { Builder } from './compile/builder.ts';
import { type Code, typeText } from './compile/statements.ts';
import { registerOf } from './compile/types.ts';
import type { Monoid, State } from './monoids.ts';

/** Adds what there is of element i, if anything. */
export type Visit = (i: Code, add: (state: State) => void) => void;

export interface Range {
  readonly from: Code;
  readonly to: Code;
  /** So many are combined among themselves first: that shortens the chains of roundings. null: all in one chain. */
  readonly inBlocksOf: number | null;
}

/** The length of blocks of a sum of so many terms; null: one chain is short enough. */
export const blocksFor = (terms: number): number | null => (terms <= 512 ? null : Math.ceil(Math.sqrt(terms)));

const variables = (k: Builder, { state }: Monoid, values: State): State =>
  values.map((code, i) => k.variable(typeText(registerOf(state[i]!), k.lanes), code));

const accumulate = (k: Builder, monoid: Monoid, total: State, state: State): void => {
  const before = total.map((code) => k.read(code));
  monoid.combine(k, before, state).forEach((code, i) => k.line(`${total[i]} = ${code};`));
};

/** `first` combined with what `visit` adds for all of a range. */
export function accumulated(
  k: Builder,
  monoid: Monoid,
  first: State,
  { from, to, inBlocksOf }: Range,
  visit: Visit,
): State {
  const total = variables(k, monoid, first);
  const each = (start: Code, end: Code, into: State): void =>
    k.loop(start, end, '1u', (i) => visit(i, (state) => accumulate(k, monoid, into, state)));
  if (inBlocksOf === null) each(from, to, total);
  else {
    k.loop(from, to, `${inBlocksOf}u`, (start) => {
      const block = variables(k, monoid, monoid.initial(k));
      each(start, k.let('u32', `min(${start} + ${inBlocksOf}u, ${to})`), block);
      accumulate(
        k,
        monoid,
        total,
        block.map((code) => k.read(code)),
      );
    });
  }
  return total.map((code) => k.read(code));
}
