/** Values as JavaScript and people read them. */
import { type HostArray, numbers, type Shape, showAval } from './host.ts';
import type { Nested } from './ndarray.ts';

/** An element: a number, or for bool a boolean. */
export const elementOf = (x: HostArray, i: number): number | boolean =>
  x.dtype === 'bool' ? numbers(x)[i] !== 0 : numbers(x)[i]!;

/** Nested lists of the elements. */
export function nested(x: HostArray): Nested {
  let at = 0;
  const level = (shape: Shape): Nested =>
    shape.length === 0 ? elementOf(x, at++) : Array.from({ length: shape[0]! }, () => level(shape.slice(1)));
  return level(x.shape);
}

/** `f32[2] [4, 6]`: dtype, shape and value, as the specification's examples write them. */
export function showValue(x: HostArray): string {
  let at = 0;
  const one = (): string => {
    const v = elementOf(x, at++);
    if (typeof v === 'boolean') return String(v);
    return Object.is(v, -0) ? '-0' : shortest(v, x.dtype === 'float32');
  };
  const level = (shape: Shape): string =>
    shape.length === 0 ? one() : `[${Array.from({ length: shape[0]! }, () => level(shape.slice(1))).join(', ')}]`;
  return `${showAval(x)} ${level(x.shape)}`;
}

/** The shortest decimal that reads back as the same number of its precision. */
export function shortest(v: number, single: boolean): string {
  if (!single || !Number.isFinite(v) || Number.isSafeInteger(v)) return String(v);
  for (let digits = 1; digits < 10; digits++) {
    const text = v.toPrecision(digits);
    if (Math.fround(Number(text)) === v) return String(Number(text));
  }
  return String(v);
}
