/** Roots, exponentials, logarithms and their kin. Errors in ulp are measured over all magnitudes by math.test.ts. */
import type { DType } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Tensor } from './engine.ts';
import type { Kernels } from './kernels.ts';
import { elementwise, type Part } from './lowering.ts';

type Unary = (k: Kernels, x: Tensor) => Tensor;
const kernel =
  (name: string): Unary =>
  (k, x) =>
    k.run(name, { x });
/** The cpu engine computes in double precision and rounds once: its kernel is right wherever its formula is. */
const onWasm =
  (name: string, composed: Unary): Unary =>
  (k, x) =>
    k.isWasm ? composed(k, x) : k.run(name, { x });

/**
 * sin x = 2t/(1 + t²), t = tan(x/2). wasm's own Sin reduces its argument badly, its Tan is within an ulp everywhere; an
 * error of t is not magnified: |t·d(sin)/dt| ≤ |sin|.
 */
function sineOfTangent(k: Kernels, x: Tensor): Tensor {
  const t = k.run('Tan', { x: k.mul(x, k.like(x, 0.5)) });
  const sine = k.div(k.add(t, t), k.add(k.mul(t, t), k.like(x, 1)));
  // Halving would round subnormal numbers, which are their own sines.
  return k.where(k.lt(k.absFloat(x), k.like(x, 2 ** -100)), x, sine);
}

/** |cos x| = 1/√(1 + tan² x), with the sign of tan(x/2)·tan(x) = sin² x / cos x · 1/(1 + cos x). */
function cosineOfTangent(k: Kernels, x: Tensor): Tensor {
  const t = k.run('Tan', { x });
  const half = k.run('Tan', { x: k.mul(x, k.like(x, 0.5)) });
  const size = k.div(k.like(x, 1), k.run('Sqrt', { x: k.add(k.mul(t, t), k.like(x, 1)) }));
  return k.where(k.lt(k.mul(t, half), k.like(x, 0)), k.negFloat(size), size);
}

/**
 * wasm's Log1p is log(1 + x). With u = 1 + x rounded and c = 1 + x − u, exactly, log(1 + x) = log u + c/u + O(c²); where c
 * is not a positive or negative number, log u is the result.
 */
function composedLog1p(k: Kernels, x: Tensor): Tensor {
  const one = k.like(x, 1);
  const u = k.add(one, x);
  const part = k.sub(u, one);
  const c = k.add(k.sub(one, k.sub(u, part)), k.sub(x, part));
  const log = k.run('Log', { x: u });
  const corrected = k.where(k.gt(k.absFloat(c), k.like(x, 0)), k.add(log, k.div(c, u)), log);
  return k.where(k.eq(x, k.like(x, 0)), x, corrected);
}
export const log1p: Unary = onWasm('Log1p', composedLog1p);

/** wasm's Sigmoid gives 0 where the result is subnormal; there it equals eˣ. */
const logistic: Unary = (k, x) => k.where(k.lt(x, k.like(x, -20)), k.run('Exp', { x }), k.run('Sigmoid', { x }));

/**
 * erf x = x·P(x²)/Q(x²) on [−4, 4], beyond which it is ±1: the rational approximation of Eigen and XLA. The cpu engine's
 * kernel is a polynomial with an absolute error of 10⁻⁹, which is nothing like small x.
 */
const ERF_NUMERATOR = [
  -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
  -2.95459980854025e-3, -1.60960333262415e-2,
];
const ERF_DENOMINATOR = [
  -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2,
];

const polynomial = (k: Kernels, x: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients.slice(1).reduce((sum, c) => k.add(k.mul(sum, x), k.like(x, c)), k.like(x, coefficients[0]!));

function rationalErf(k: Kernels, x: Tensor): Tensor {
  const clamped = k.run('Maximum', { a: k.run('Minimum', { a: x, b: k.like(x, 4) }), b: k.like(x, -4) });
  const square = k.mul(clamped, clamped);
  return k.mul(clamped, k.div(polynomial(k, square, ERF_NUMERATOR), polynomial(k, square, ERF_DENOMINATOR)));
}

const erf: Unary = (k, x) => (k.isWasm ? k.run('Erf', { x }) : rationalErf(k, x));

/** The exponent may be an int32, whose high and low bits then are exponents of their own, of one sign. */
function pow(k: Kernels, x: Tensor, y: Tensor): Tensor {
  if (!k.isWasm) return cpuPow(k, x, y);
  if (y.dtype === 'float32') return k.run('Pow', { a: x, b: y });
  const step = k.like(y, 4096);
  const high = k.mul(k.div(y, step), step);
  const power = (part: Tensor): Tensor => k.run('Pow', { a: x, b: k.intToFloat(part) });
  return k.mul(power(high), power(k.sub(y, high)));
}

/** JavaScript's power in double precision, in which integers are exact; it gives NaN for 1^NaN and (±1)^±∞. */
function cpuPow(k: Kernels, x: Tensor, y: Tensor): Tensor {
  const exponent: Tensor = { ...y, dtype: 'float32' };
  const one = k.like(x, 1);
  const infinite = k.eq(k.absFloat(exponent), k.like(x, Infinity));
  const isOne = k.or(k.eq(x, one), k.and(k.eq(x, k.like(x, -1)), infinite));
  return k.where(isOne, one, k.run('Pow', { a: x, b: exponent }));
}

/**
 * Pow(|x|, ⅓), whose exponent is 10⁻⁸ off, and one step of Newton's: y + (x/y² − y)/3. Of its roundings the first two
 * count a third, the last one whole.
 */
function cbrt(k: Kernels, x: Tensor): Tensor {
  const size = k.absFloat(x);
  const y = k.run('Pow', { a: size, b: k.like(x, 1 / 3) });
  const root = k.add(y, k.mul(k.sub(k.div(size, k.mul(y, y)), y), k.like(x, 1 / 3)));
  const signed = k.where(k.lt(x, k.like(x, 0)), k.negFloat(root), root);
  // 0, ∞ and NaN are their own roots.
  const inner = k.and(k.gt(size, k.like(x, 0)), k.lt(size, k.like(x, Infinity)));
  return k.where(inner, signed, x);
}

// ---- powers

/** By squaring, modulo 2³². */
function integerPower(k: Kernels, x: Tensor, y: number): Tensor {
  let power: Tensor | null = null;
  let base = x;
  for (let n = y; n > 0;) {
    if (n % 2 === 1) power = power === null ? base : k.mulInt(power, base);
    n = Math.floor(n / 2);
    if (n > 0) base = k.mulInt(base, base);
  }
  return power ?? k.like(x, 1);
}

/** Small powers are products, rounded once per factor; Pow is within an ulp. */
function floatPower(k: Kernels, x: Tensor, y: number): Tensor {
  if (y === 0) return k.like(x, 1);
  if (y === 1) return x;
  if (y === 2) return k.mul(x, x);
  if (y === -1) return k.div(k.like(x, 1), x);
  // An exponent that is no float is split into two of the same sign: both powers grow, or both shrink.
  if (Math.fround(y) === y) return k.run('Pow', { a: x, b: k.like(x, y) });
  const high = y - (y % 4096);
  return k.mul(k.run('Pow', { a: x, b: k.like(x, high) }), k.run('Pow', { a: x, b: k.like(x, y - high) }));
}

const integerPow = (k: Kernels, [x]: readonly Tensor[], type: DType, { y }: ParamsOf<'integer_pow'>): Tensor =>
  type === 'float32' ? floatPower(k, x!, y) : integerPower(k, x!, y);

const unary = (compute: Unary): Part<'exp'>['exp'] => elementwise((k, [x]) => compute(k, x!));

export const math: Part<
  | 'sqrt'
  | 'rsqrt'
  | 'cbrt'
  | 'exp'
  | 'exp2'
  | 'log'
  | 'expm1'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'tanh'
  | 'logistic'
  | 'erf'
  | 'pow'
  | 'integer_pow'
  | 'square'
> = {
  sqrt: unary(kernel('Sqrt')),
  rsqrt: unary(kernel('Rsqrt')),
  cbrt: unary(cbrt),
  exp: unary(kernel('Exp')),
  exp2: unary((k, x) => k.run('Pow', { a: k.like(x, 2), b: x })),
  log: unary(kernel('Log')),
  expm1: unary(kernel('Expm1')),
  log1p: unary(log1p),
  sin: unary(onWasm('Sin', sineOfTangent)),
  cos: unary(onWasm('Cos', cosineOfTangent)),
  tan: unary(kernel('Tan')),
  tanh: unary(kernel('Tanh')),
  logistic: unary(onWasm('Sigmoid', logistic)),
  erf: unary(erf),
  pow: elementwise((k, [x, y]) => pow(k, x!, y!)),
  integer_pow: elementwise(integerPow),
  square: elementwise((k, [x], type) => (type === 'float32' ? k.mul(x!, x!) : k.mulInt(x!, x!))),
};
