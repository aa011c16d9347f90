/** Values as JavaScript and people read them. */
import { type DType, finfo, isFloat, partOf } from './dtypes.ts';
import { type Element, elements, type HostArray, rounder, type Shape, showAval } from './host.ts';
import type { Nested } from './ndarray.ts';

/** An element: a number, for 64-bit integers a bigint, for bool a boolean, for complex numbers `{ re, im }`. */
export function elementOf(x: HostArray, i: number): Element | boolean {
  const v = elements(x)(i);
  return x.dtype === 'bool' ? v !== 0 : v;
}

/** Nested lists of the elements. */
export function nested(x: HostArray): Nested {
  const read = elements(x);
  return nest(x.shape, (i) => (x.dtype === 'bool' ? read(i) !== 0 : read(i)));
}

/** Lists as deep as the shape, of what `leaf` gives for each flat position. */
function nest(shape: Shape, leaf: (i: number) => Nested): Nested {
  let at = 0;
  const level = (sizes: Shape): Nested =>
    sizes.length === 0 ? leaf(at++) : Array.from({ length: sizes[0]! }, () => level(sizes.slice(1)));
  return level(shape);
}

/** `f32[2] [4, 6]`: dtype, shape and value, as the specification's examples write them. */
export const showValue = (x: HostArray): string => `${showAval(x)} ${showElements(x)}`;

/** `[4, 6]`: the value alone. */
export function showElements(x: HostArray): string {
  const read = elements(x);
  let at = 0;
  const level = (sizes: Shape): string =>
    sizes.length === 0
      ? showElement(x.dtype, read(at++))
      : `[${Array.from({ length: sizes[0]! }, () => level(sizes.slice(1))).join(', ')}]`;
  return level(x.shape);
}

/** An element of a dtype: the shortest decimals that read back as it; complex numbers as `1+2i`. */
export function showElement(dtype: DType, v: Element): string {
  if (dtype === 'bool') return String(v !== 0);
  if (typeof v === 'object') {
    const { re, im } = v;
    const imaginary = showNumber(partOf(dtype), im);
    return `${showNumber(partOf(dtype), re)}${/^[-+]/.test(imaginary) ? '' : '+'}${imaginary}i`;
  }
  return isFloat(dtype) ? showNumber(dtype, Number(v)) : String(v);
}

const showNumber = (dtype: DType, v: number): string => (Object.is(v, -0) ? '-0' : shortest(v, dtype));

/** The shortest decimal that reads back as the same number of its dtype. */
export function shortest(v: number, dtype: DType): string {
  if (dtype === 'float64' || !Number.isFinite(v)) return String(v);
  const round = rounder(dtype);
  // Integers are written out, unless they have more digits than the dtype can tell apart.
  if (Number.isSafeInteger(v)) return String(v);
  for (let digits = 1; digits <= Math.ceil(finfo(dtype).digits * Math.log10(2)) + 1; digits++) {
    const text = v.toPrecision(digits);
    if (round(Number(text)) === v) return String(Number(text));
  }
  return String(v);
}
