/**
 * Lists of axes and sizes, which the structural primitives take as parameters: their schemas and checks, and what a
 * batch axis does to them.
 */
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { BatchAxis, Batched, ParamSchema } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';

export const AXIS: ParamSchema = { type: 'integer', minimum: 0 };
/** Axes, sizes, starting points: lists of natural numbers. */
export const NATURALS: ParamSchema = { type: 'array', items: AXIS };

type Verdict = true | string;

export const show = (list: readonly unknown[]): string => `[${list.join(', ')}]`;
const isNatural = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isAxis = (d: number, rank: number): boolean => isNatural(d) && d < rank;

/** Each of these checks one condition on the parameter `name`. */
export const checkSizes = (name: string, sizes: Shape): Verdict =>
  sizes.every(isNatural) || `${name} must be a list of natural numbers, got ${show(sizes)}`;
export const checkAxis = (name: string, axis: number, rank: number): Verdict =>
  isAxis(axis, rank) || `${name} must be in [0, ${rank}), got ${axis}`;
export const checkAxes = (name: string, axes: Shape, rank: number): Verdict =>
  axes.every((d) => isAxis(d, rank)) || `${name} must be in [0, ${rank}), got ${show(axes)}`;
export const checkIncreasing = (name: string, axes: Shape): Verdict =>
  axes.every((d, i) => i === 0 || d > axes[i - 1]!) || `${name} must be strictly increasing, got ${show(axes)}`;
export const checkDistinct = (name: string, axes: Shape): Verdict =>
  new Set(axes).size === axes.length || `${name} must be distinct, got ${show(axes)}`;
export const checkDisjoint = (name: string, axes: Shape, others: string, of: Shape): Verdict =>
  !axes.some((d) => of.includes(d)) || `${name} ${show(axes)} and ${others} ${show(of)} must have no axis in common`;

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** The axes of an array of this rank that are not in `axes`. */
export const remaining = (rank: number, ...axes: readonly Shape[]): number[] =>
  range(rank).filter((d) => !axes.some((list) => list.includes(d)));
/** The permutation that undoes `permutation`. */
export function inverse(permutation: Shape): number[] {
  const undo = new Array<number>(permutation.length);
  permutation.forEach((p, i) => (undo[p] = i));
  return undo;
}
/** What becomes of axes when a batch axis is put in front. */
export const shifted = (axes: Shape): number[] => axes.map((d) => d + 1);

/** The operand with its batch axis in front; one that is the same for every lane is repeated. */
export const toFront = (lax: Lax, x: NDArray, at: number | null, axis: BatchAxis): NDArray =>
  at === null ? lax.broadcast(x, [axis.size]) : lax.moveAxis(x, at, 0);
/** One result, batched at its first axis. */
export const inFront = (out: NDArray): Batched => ({ out: [out], at: [0] });
