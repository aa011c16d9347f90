/** What the rules of the higher-order primitives share. */
import { type Aval, type Element, elements, sameAval, sameElement, showAval, sizeOf } from '../../core/host.ts';
import type { NDArray } from '../../core/ndarray.ts';
import {
  type BatchAxis,
  type Bound,
  type Bounded,
  knownOperand,
  type Machine,
  type Move,
  type Operand,
  type Tangent,
} from '../../core/primitive.ts';
import type { Lax } from '../../core/rules.ts';

export const isLinear = (x: Operand): boolean => 'linear' in x;
export const given = (tangents: readonly Tangent[]): boolean[] => tangents.map((d) => d !== null);
export const present = (tangents: readonly Tangent[]): NDArray[] => tangents.filter((d) => d !== null);
export const knownValues = (operands: readonly Operand[]): NDArray[] =>
  operands.filter((x) => !isLinear(x)).map(knownOperand);
export const either = (a: readonly boolean[], b: readonly boolean[]): boolean[] => a.map((x, i) => x || b[i]!);
export const pick = <T>(xs: readonly T[], which: readonly boolean[]): T[] => xs.filter((_, i) => which[i]);
export const same = (a: readonly boolean[], b: readonly boolean[]): boolean => a.every((x, i) => x === b[i]);

/** Cuts a list into pieces of the given lengths, and the rest. */
export function cut<T>(xs: readonly T[], lengths: readonly number[]): T[][] {
  let from = 0;
  const pieces = lengths.map((n) => xs.slice(from, (from += n)));
  return [...pieces, xs.slice(from)];
}

/** A value of the caller's own, equal to one that is not. */
export const copy = <V>(machine: Machine<V>, v: V): V =>
  machine.apply('reshape', [v], { new_sizes: machine.aval(v).shape })[0]!;

/** The call of `copy`. */
export const copyMove = (x: Aval): Move => ({ primitive: 'reshape', operands: [x], params: { new_sizes: x.shape } });

/** Spreads values over the positions that are marked; the others are null. */
export function spread<T>(values: readonly T[], marked: readonly boolean[]): (T | null)[] {
  let next = 0;
  return marked.map((is) => (is ? values[next++]! : null));
}

/** Batched operands with the axis at `to`, the others as they are. */
export const alignBatch = (lax: Lax, xs: readonly NDArray[], at: readonly (number | null)[], to: number): NDArray[] =>
  xs.map((x, i) => (at[i] === null ? x : lax.moveAxis(x, at[i]!, to)));

/** Repeats an operand that is the same for all examples. */
export const repeat = (lax: Lax, x: NDArray, axis: BatchAxis): NDArray => lax.broadcast(x, [axis.size]);

/** True, or what differs between the types of operands and those that a jaxpr takes. */
export function fits(wanted: readonly Aval[], got: readonly Aval[], what: string): true | string {
  if (wanted.length !== got.length) return `${what} takes ${wanted.length} values, got ${got.length}`;
  const i = wanted.findIndex((a, k) => !sameAval(a, got[k]!));
  return i < 0 || `${what} takes ${showAval(wanted[i]!)} at position ${i}, got ${showAval(got[i]!)}`;
}

/** Work that is repeated until its flags stay the same; each round may only add flags, so it ends. */
export function fixpoint(
  start: readonly boolean[],
  step: (flags: readonly boolean[]) => readonly boolean[],
): boolean[] {
  let flags = [...start];
  for (;;) {
    const next = either(flags, step(flags));
    if (same(flags, next)) return flags;
    flags = next;
  }
}

const NO_EFFECTS: ReadonlySet<string> = new Set();

/** The effects of all given jaxprs. */
export const effectsOf = (jaxprs: readonly { readonly effects: ReadonlySet<string> }[]): ReadonlySet<string> =>
  jaxprs.reduce<ReadonlySet<string>>((all, j) => (j.effects.size === 0 ? all : all.union(j.effects)), NO_EFFECTS);

/** Of several results any may come out: each is as uncertain as they lie apart, plus their own bounds. */
export function hull(chosen: readonly Bounded[], all: readonly (readonly Bounded[])[]): Bounded[] {
  return chosen.map((c, j) => {
    const n = sizeOf(c.value.shape);
    const here = elements(c.value);
    const worst = new Float64Array(n);
    const variance = new Float64Array(n);
    for (const branch of all) {
      const there = elements(branch[j]!.value);
      const own: Bound | null = branch[j]!.bound;
      for (let i = 0; i < n; i++) {
        const reach = distance(here(i), there(i));
        worst[i] = Math.max(worst[i]!, reach + (own?.worst[i] ?? 0));
        variance[i] = Math.max(variance[i]!, reach ** 2 + (own?.variance[i] ?? 0));
      }
    }
    return { value: c.value, bound: { worst, variance } };
  });
}

/** |a − b|; infinite where that says nothing. */
function distance(a: Element, b: Element): number {
  if (sameElement(a, b)) return 0;
  const apart =
    typeof a === 'object' && typeof b === 'object'
      ? Math.hypot(a.re - b.re, a.im - b.im)
      : Math.abs(Number(a) - Number(b));
  return Number.isNaN(apart) ? Infinity : apart;
}
