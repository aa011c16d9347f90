/** Elements of any dtype compared with one another: numbers, bigints, complex numbers. */
import type { Element } from '../reference/core/host.ts';

/** A complex number is NaN if a part of it is. */
export const isNaNElement = (v: Element): boolean =>
  typeof v === 'object' ? Number.isNaN(v.re) || Number.isNaN(v.im) : Number.isNaN(v);

export const isFiniteElement = (v: Element): boolean =>
  typeof v === 'object' ? Number.isFinite(v.re) && Number.isFinite(v.im) : typeof v === 'bigint' || Number.isFinite(v);

/** |v|. */
export const modulus = (v: Element): number => (typeof v === 'object' ? Math.hypot(v.re, v.im) : Math.abs(Number(v)));

/** |a − b| of two elements of one domain. */
export function distance(a: Element, b: Element): number {
  if (typeof a === 'object' && typeof b === 'object') return Math.hypot(a.re - b.re, a.im - b.im);
  return typeof a === 'bigint' && typeof b === 'bigint' ? modulus(a - b) : Math.abs(Number(a) - Number(b));
}

/** Numerically equal, all NaNs being one value; zeros of both signs are equal. */
export function equalElements(a: Element, b: Element): boolean {
  if (isNaNElement(a)) return isNaNElement(b);
  return typeof a === 'object' && typeof b === 'object' ? a.re === b.re && a.im === b.im : a === b;
}

/** Whether the parts that are infinite in one are the same in the other. */
export function sameInfinities(a: Element, b: Element): boolean {
  const same = (x: number, y: number): boolean => x === y || (Number.isFinite(x) && Number.isFinite(y));
  return typeof a === 'object' && typeof b === 'object' ? same(a.re, b.re) && same(a.im, b.im) : a === b;
}
