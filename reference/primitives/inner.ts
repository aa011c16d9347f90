/**
 * Sums of products of two rows of elements, of every dtype: what dot_general and convolutions compute.
 */
import { type DType, domainOf, isComplex, isInexact, partOf } from '../core/dtypes.ts';
import { type Element, elements, type HostArray, numbers, parts } from '../core/host.ts';
import type { Accuracy } from '../core/primitive.ts';
import { exactDot, type FloatDType, isFloatDType, roundScaled } from './exact.ts';
import { magnitudes } from './layout.ts';

/** Σ a[i + k]·b[j + k] for k < n. */
export type Inner = (i: number, j: number, n: number) => Element;

/**
 * The sums as elements of dtype `to`. Floats, and the parts of complex numbers, are the exact sum rounded once; integers
 * wrap, here or when they are stored; bool is whether any pair is true in both.
 */
export function innerProduct(a: HostArray, b: HostArray, to: DType): Inner {
  const long = [a.dtype, to].some((dtype) => domainOf(dtype) === 'bigint');
  if (isComplex(to)) return complexInner(a, b, to);
  if (long) return longInner(a, b, to);
  if (isFloatDType(to)) return floatInner(a, b, to);
  return to === 'bool' ? anyOfBoth(a, b) : wrappedInner(a, b);
}

function floatInner(a: HostArray, b: HostArray, to: FloatDType): Inner {
  const [x, y] = [numbers(a), numbers(b)];
  const from = isFloatDType(a.dtype) ? a.dtype : 'float64'; // doubles hold every integer of 32 bits
  return (i, j, n) => exactDot(x, i, y, j, n, from, to);
}

/** (a + bi)(c + di) has the parts ac − bd and ad + bc: two real products of rows that are twice as long. */
function complexInner(a: HostArray, b: HostArray, to: DType): Inner {
  const [x, y] = [parts(a), parts(b)];
  const forReal = Float64Array.from(y, (v, k) => (k % 2 === 0 ? v : -v));
  const forImaginary = Float64Array.from(y, (_, k) => y[k ^ 1]!);
  const [from, part] = [partOf(a.dtype), partOf(to)] as [FloatDType, FloatDType];
  return (i, j, n) => ({
    re: exactDot(x, 2 * i, forReal, 2 * j, 2 * n, from, part),
    im: exactDot(x, 2 * i, forImaginary, 2 * j, 2 * n, from, part),
  });
}

/** Of 64-bit integers, or to them. */
function longInner(a: HostArray, b: HostArray, to: DType): Inner {
  const [x, y] = [a, b].map((rows) => {
    const at = elements(rows);
    return (i: number): bigint => BigInt(at(i) as number | bigint);
  });
  return (i, j, n) => {
    let sum = 0n;
    for (let k = 0; k < n; k++) sum += x!(i + k) * y!(j + k);
    if (isFloatDType(to)) return roundScaled(sum, 0, to);
    return domainOf(to) === 'bigint' ? sum : Number(BigInt.asIntN(32, sum));
  };
}

function wrappedInner(a: HostArray, b: HostArray): Inner {
  const [x, y] = [numbers(a), numbers(b)];
  return (i, j, n) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum = (sum + Math.imul(x[i + k]!, y[j + k]!)) | 0;
    return sum;
  };
}

function anyOfBoth(a: HostArray, b: HostArray): Inner {
  const [x, y] = [numbers(a), numbers(b)];
  return (i, j, n) => {
    for (let k = 0; k < n; k++) if (x[i + k]! & y[j + k]!) return 1;
    return 0;
  };
}

/** Rounded after each step: for magnitudes, which need not be exact. */
export function plainInner(a: HostArray, b: HostArray): Inner {
  const [x, y] = [numbers(a), numbers(b)];
  return (i, j, n) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += x[i + k]! * y[j + k]!;
    return sum;
  };
}

/**
 * The accuracy of sums of `n` products each. `sums` is the primitive with `plainInner` for its inner products.
 *
 * Integer factors of a float result may be rounded when they are converted: two roundings more. The parts of a complex
 * result are sums of 2n real products, whose magnitudes Σ(|ac| + |bd|) and Σ(|ad| + |bc|) together have a modulus of at
 * most √2·Σ|x||y| (Cauchy–Schwarz).
 */
export function accuracyOfProducts(
  from: DType,
  to: DType,
  n: number,
  sums: (magnitudes: readonly HostArray[]) => HostArray,
): Accuracy {
  if (!isInexact(to)) return { kind: 'exact' };
  const terms = isComplex(to) ? 2 * n : isInexact(from) ? n : n + 2;
  const scale = isComplex(to) ? Math.SQRT2 : 1;
  return {
    kind: 'sum',
    terms,
    magnitude: (xs) => Float64Array.from(numbers(sums(xs.map(magnitudes))), (v) => v * scale),
  };
}
