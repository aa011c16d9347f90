/**
 * The discrete Fourier transform of any length in double precision (spec/primitives/fft.md#algorithm): Cooley and
 * Tukey's splitting by the prime factors of the length, with roots of unity from exactly reduced angles.
 */
import { type Shape, stridesOf } from '../../core/host.ts';

/** Complex numbers as two arrays. */
export interface Signal {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export const zeroSignal = (n: number): Signal => ({ re: new Float64Array(n), im: new Float64Array(n) });

/** cos and sin of 2πk/n, 0 ≤ k ≤ n, from an angle of at most π/4: what symmetry gives is exact. */
function unitCircle(k: number, n: number): readonly [cos: number, sin: number] {
  if (2 * k > n) {
    const [cos, sin] = unitCircle(n - k, n);
    return [cos, -sin];
  }
  if (4 * k > n) {
    const [cos, sin] = unitCircle(n - 2 * k, 2 * n);
    return [-cos, sin];
  }
  if (8 * k > n) {
    const [cos, sin] = unitCircle(n - 4 * k, 4 * n);
    return [sin, cos];
  }
  const angle = (2 * Math.PI * k) / n;
  return [Math.cos(angle), Math.sin(angle)];
}

/** e^(∓2πik/n) for k = 0 … n − 1. */
export function rootsOfUnity(n: number, inverse: boolean): Signal {
  const roots = zeroSignal(n);
  for (let k = 0; k < n; k++) {
    const [cos, sin] = unitCircle(k, n);
    roots.re[k] = cos;
    roots.im[k] = inverse ? sin : -sin;
  }
  return roots;
}

function smallestFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p;
  return n;
}

/** The prime factors of n, as often as they divide it. */
export function primeFactors(n: number): number[] {
  const factors: number[] = [];
  for (let rest = n; rest > 1; rest /= factors.at(-1)!) factors.push(smallestFactor(rest));
  return factors;
}

/**
 * The transform of the n elements of `x` from `from` on in steps of `stride`. For n = p·m the elements r, r + p, r + 2p, …
 * have transforms Y⁽ʳ⁾ of length m, and X[k] = Σᵣ ωʳᵏ·Y⁽ʳ⁾[k mod m].
 */
function transform(x: Signal, from: number, stride: number, n: number, roots: Signal): Signal {
  const y = zeroSignal(n);
  if (n === 1) {
    y.re[0] = x.re[from]!;
    y.im[0] = x.im[from]!;
    return y;
  }
  const p = smallestFactor(n);
  const m = n / p;
  const step = roots.re.length / n;
  for (let r = 0; r < p; r++) {
    const part = transform(x, from + r * stride, stride * p, m, roots);
    for (let k = 0; k < n; k++) {
      const w = ((r * k) % n) * step;
      const [a, b] = [part.re[k % m]!, part.im[k % m]!];
      y.re[k]! += a * roots.re[w]! - b * roots.im[w]!;
      y.im[k]! += a * roots.im[w]! + b * roots.re[w]!;
    }
  }
  return y;
}

/** Transforms every row along an axis, without the factor 1/n of the inverse. A row that is not finite becomes NaN. */
export function transformAxis(x: Signal, shape: Shape, axis: number, inverse: boolean): Signal {
  const n = shape[axis]!;
  const stride = stridesOf(shape)[axis]!;
  const roots = rootsOfUnity(n, inverse);
  const y = zeroSignal(x.re.length);
  for (let from = 0; from < x.re.length; from++) {
    if (Math.floor(from / stride) % n !== 0) continue;
    const row = transform(x, from, stride, n, roots);
    const finite = isFinite(x, from, stride, n);
    for (let k = 0; k < n; k++) {
      y.re[from + k * stride] = finite ? row.re[k]! : NaN;
      y.im[from + k * stride] = finite ? row.im[k]! : NaN;
    }
  }
  return y;
}

function isFinite(x: Signal, from: number, stride: number, n: number): boolean {
  for (let k = 0; k < n; k++) {
    const at = from + k * stride;
    if (!Number.isFinite(x.re[at]) || !Number.isFinite(x.im[at])) return false;
  }
  return true;
}
