/**
 * The discrete Fourier transform of the last axes (spec/primitives/fft.md).
 */
import { complexOf, type DType, finfo, isComplex, partOf } from '../core/dtypes.ts';
import { aval, build, buildElements, type HostArray, parts, type Shape, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Accuracy, type Bound, type Bounded, definePrimitive, type Gen } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { NATURALS, show } from './axes.ts';
import { call, choices } from './draw.ts';
import { primeFactors, type Signal, transformAxis, zeroSignal } from './numerics/dft.ts';
import { along, type Defined } from './elementwise.ts';

const TYPES = ['FFT', 'IFFT', 'RFFT', 'IRFFT'] as const;
export type FftType = (typeof TYPES)[number];

export interface FftParams {
  readonly fft_type: FftType;
  readonly fft_lengths: Shape;
}

const REALS: readonly DType[] = ['float32', 'float64'];
const COMPLEXES: readonly DType[] = ['complex64', 'complex128'];

/** The sizes before the transformed axes. */
const batchShape = (shape: Shape, lengths: Shape): Shape => shape.slice(0, shape.length - lengths.length);
/** How many elements of a transform of length n say all: the others of real data are their conjugates. */
const half = (n: number): number => Math.floor(n / 2) + 1;
const halved = (lengths: Shape): Shape => lengths.with(-1, half(lengths.at(-1)!));

const operandLengths = (p: FftParams): Shape => (p.fft_type === 'IRFFT' ? halved(p.fft_lengths) : p.fft_lengths);
const resultLengths = (p: FftParams): Shape => (p.fft_type === 'RFFT' ? halved(p.fft_lengths) : p.fft_lengths);
const isInverse = (p: FftParams): boolean => p.fft_type === 'IFFT' || p.fft_type === 'IRFFT';

// ---- evaluation

function signalOf(x: HostArray): Signal {
  const data = parts(x);
  if (!isComplex(x.dtype)) return { re: Float64Array.from(data), im: new Float64Array(data.length) };
  const n = data.length / 2;
  return { re: Float64Array.from({ length: n }, (_, i) => data[2 * i]!), im: Float64Array.from({ length: n }, (_, i) => data[2 * i + 1]!) }; // prettier-ignore
}

/** A signal whose last axis has another length; element k of a row is element `from(k)`, conjugated or as it is. */
function relength(x: Signal, length: number, to: number, from: (k: number) => { at: number; conj: boolean }): Signal {
  const rows = x.re.length / length;
  const y = zeroSignal(rows * to);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < to; k++) {
      const { at, conj } = from(k);
      y.re[row * to + k] = x.re[row * length + at]!;
      y.im[row * to + k] = x.im[row * length + at]! * (conj ? -1 : 1);
    }
  }
  return y;
}

/** Axis after axis; half a spectrum is completed to a whole one just before its own axis is transformed. */
function evaluate(x: HostArray, p: FftParams): HostArray {
  const { fft_type, fft_lengths } = p;
  const batch = batchShape(x.shape, fft_lengths);
  const last = x.shape.length - 1;
  const n = fft_lengths.at(-1)!;
  let y = signalOf(x);
  let shape = x.shape;
  if (fft_type === 'RFFT') {
    y = transformAxis(y, shape, last, false);
    y = relength(y, n, half(n), (k) => ({ at: k, conj: false }));
    shape = shape.with(-1, half(n));
  }
  for (let axis = batch.length; axis < last; axis++) y = transformAxis(y, shape, axis, isInverse(p));
  if (fft_type === 'IRFFT') {
    y = relength(y, half(n), n, (k) => (k < half(n) ? { at: k, conj: false } : { at: n - k, conj: true }));
    shape = shape.with(-1, n);
  }
  if (fft_type !== 'RFFT') y = transformAxis(y, shape, last, isInverse(p));
  const count = isInverse(p) ? sizeOf(fft_lengths) : 1;
  const dtype = resultType(x.dtype, p);
  if (fft_type === 'IRFFT') return build(dtype, shape, (i) => y.re[i]! / count);
  return buildElements(dtype, shape, (i) => ({ re: y.re[i]! / count, im: y.im[i]! / count }));
}

function resultType(dtype: DType, { fft_type }: FftParams): DType {
  if (fft_type === 'RFFT') return complexOf(dtype);
  return fft_type === 'IRFFT' ? partOf(dtype) : dtype;
}

// ---- accuracy

/** A product of complex numbers has a relative error of √2·γ₂ (Higham, §3.6); roots of unity may be 4u off. */
const PRODUCT = 2 * Math.SQRT2 + 4;
/**
 * The error that splitting by p adds, in units of u·√N·‖x‖₂: every element times a root of unity, and sums of p products
 * (of sums and differences alone for p = 2).
 */
const splitting = (p: number): number => PRODUCT + (p - 1) + (p > 2 ? PRODUCT : 0);

/** The errors of all splittings add up (spec/primitives/fft.md#accuracy). */
function accuracy(dtype: DType, p: FftParams): Accuracy {
  const factors = p.fft_lengths.flatMap(primeFactors);
  const isReal = p.fft_type === 'RFFT' || p.fft_type === 'IRFFT';
  // Real data may go through a complex transform of half the length: one splitting more. Inverses divide: two roundings.
  const units = factors.reduce((sum, q) => sum + splitting(q), (isReal ? splitting(2) : 0) + (isInverse(p) ? 2 : 0));
  const { unitRoundoff } = finfo(dtype);
  const n = units / (1 - units * unitRoundoff);
  // Inverses may divide last.
  const divisor = isInverse(p) ? sizeOf(p.fft_lengths) : 1;
  return {
    kind: 'normwise',
    // In double precision the reference rounds as often as everybody else.
    n: partOf(dtype) === 'float64' ? 2 * n : n,
    scale: ([x]) => [scale(x!, p)],
    peak: ([x]) => [scale(x!, p).map((size) => size * divisor)],
  };
}

/** √N·‖x‖₂ for each transform of N elements, over N for inverses; at least what underflow may lose on the way. */
function scale(x: HostArray, p: FftParams): Float64Array {
  const count = sizeOf(p.fft_lengths);
  const data = parts(x);
  const inner = sizeOf(operandLengths(p)) * (isComplex(x.dtype) ? 2 : 1);
  const outer = sizeOf(resultLengths(p));
  const norms = Array.from({ length: data.length / inner }, (_, b) => norm2(data.subarray(b * inner, (b + 1) * inner)));
  const mirrored = p.fft_type === 'IRFFT' ? Math.SQRT2 : 1;
  const lost = 2 * finfo(x.dtype).tiny * count;
  const sizes = norms.map((norm) => lost + mirrored * norm * (isInverse(p) ? 1 / Math.sqrt(count) : Math.sqrt(count)));
  return Float64Array.from({ length: norms.length * outer }, (_, i) => sizes[Math.floor(i / outer)]!);
}

/** ‖x‖₂ without overflow on the way; infinite if x is not finite. */
function norm2(x: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!));
  if (!Number.isFinite(largest)) return Infinity;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! / (largest || 1)) ** 2;
  return largest * Math.sqrt(sum);
}

/** Every root of unity has modulus 1, so that each result is off by at most the sum of its transform's errors. */
function bound(x: Bounded, p: FftParams): Bound {
  const count = sizeOf(p.fft_lengths);
  const inner = sizeOf(operandLengths(p));
  const outer = sizeOf(resultLengths(p));
  const blocks = sizeOf(batchShape(x.value.shape, p.fft_lengths));
  const twice = p.fft_type === 'IRFFT' ? 2 : 1; // an element of half a spectrum stands for its mirror image too
  const factor = twice / (isInverse(p) ? count : 1);
  const sums = (errors: Float64Array | undefined, by: number): Float64Array =>
    Float64Array.from({ length: blocks * outer }, (_, i) => {
      const block = Math.floor(i / outer);
      return by * (errors?.subarray(block * inner, (block + 1) * inner).reduce((s, e) => s + e, 0) ?? 0);
    });
  return { worst: sums(x.bound?.worst, factor), variance: sums(x.bound?.variance, factor ** 2) };
}

// ---- differentiation

/** 2 for the elements of half a spectrum that stand for two, 1 for the others, along the last of `rank` axes. */
function multiplicities(lax: Lax, rank: number, n: number, dtype: DType): NDArray {
  const singles = n % 2 === 0 && n > 1 ? 2 : 1;
  const one = lax.full([1], 1, partOf(dtype));
  const pieces = [one, lax.full([half(n) - singles], 2, partOf(dtype)), ...(singles === 2 ? [one] : [])];
  const mask = lax.convertElementType(lax.concatenate(pieces, 0), dtype);
  return lax.broadcastInDim(mask, [...new Array<number>(rank - 1).fill(1), half(n)], [rank - 1]);
}

/** x̄ from ȳ: the transform's matrix is symmetric; only parts of real data and halves of spectra take some care. */
function transposed(lax: Lax, ct: NDArray, { fft_type, fft_lengths }: FftParams): NDArray {
  const n = fft_lengths.at(-1)!;
  if (fft_type === 'RFFT') {
    const missing = ct.shape.map((_, d) => [0, d === ct.ndim - 1 ? n - half(n) : 0, 0] as const);
    return lax.real(lax.fft(lax.pad(ct, lax.full([], 0, ct.dtype), missing), 'FFT', fft_lengths));
  }
  if (fft_type === 'IRFFT') {
    const spectrum = lax.fft(ct, 'RFFT', fft_lengths);
    const weights = multiplicities(lax, spectrum.ndim, n, spectrum.dtype);
    const scaled = lax.div(weights, lax.fullLike(weights, sizeOf(fft_lengths)));
    const axes = spectrum.shape.map((_, d) => d);
    return lax.conj(lax.mul(spectrum, lax.broadcastInDim(scaled, spectrum.shape, axes)));
  }
  return lax.fft(ct, fft_type, fft_lengths);
}

// ---- the primitive

export const fft: Defined<'fft', FftParams, 'C1' | 'C2' | 'C3' | 'C4'> = definePrimitive({
  name: 'fft',
  spec: 'spec/primitives/fft.md#fft',
  operands: [{ name: 'x', dtypes: [...REALS, ...COMPLEXES] }],
  params: { fft_type: { enum: TYPES }, fft_lengths: NATURALS },
  dtypes: [...REALS, ...COMPLEXES],
  constraints: {
    C1: (_, { fft_type }) =>
      TYPES.includes(fft_type) || `fft_type must be one of ${TYPES.join(', ')}, got ${String(fft_type)}`,
    C2: ([x], { fft_lengths }) =>
      (fft_lengths.length >= 1 &&
        fft_lengths.length <= Math.min(3, x!.shape.length) &&
        fft_lengths.every((n) => Number.isSafeInteger(n) && n > 0)) ||
      `fft_lengths must be 1 to ${Math.min(3, x!.shape.length)} positive integers, got ${show(fft_lengths)}`,
    C3: ([x], { fft_type }) =>
      isComplex(x!.dtype) !== (fft_type === 'RFFT') ||
      `x must be ${fft_type === 'RFFT' ? 'real' : 'complex'} for ${fft_type}, got ${x!.dtype}`,
    C4: ([x], p) => {
      const sizes = operandLengths(p);
      const last = x!.shape.slice(-sizes.length);
      return (
        last.every((n, i) => n === sizes[i]) || `the last sizes of x must be ${show(sizes)}, got ${show(x!.shape)}`
      );
    },
  },
  infer: ([x], p) => [aval([...batchShape(x!.shape, p.fft_lengths), ...resultLengths(p)], resultType(x!.dtype, p))],
  evaluate: ([x], p) => [evaluate(x!, p)],
  differentiate: {
    active: () => [0],
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => transposed(lax, t, p))],
  },
  batch: (lax, [x], [at], _, p) => ({ out: [lax.fft(lax.moveAxis(x!, at!, 0), p.fft_type, p.fft_lengths)], at: [0] }),
  bound: ([x], _, p) => [bound(x!, p)],
  accuracy: ([x], p) => accuracy(x!.dtype, p),
  cases: (gen) => gen.shape({ maxRank: 2 }).chain((batch) => choices(gen, (pick) => drawn(gen, pick, batch)).chain(({ shape, params }) => call(gen, [[gen.dtype, shape]], params))), // prettier-ignore
  breaks: {
    C1: (gen) => call(gen, [[gen.dtype, [3]]], { fft_type: 'DCT' as FftType, fft_lengths: [3] }),
    C2: (gen) =>
      gen.fc
        .constantFrom<number[]>([], [2, 2, 2, 2], [0])
        .chain((fft_lengths) => call(gen, [[gen.dtype, [2, 2, 2, 2]]], { fft_type: anyType(gen), fft_lengths })),
    C3: (gen) => call(gen, [[gen.dtype, [3]]], { fft_type: isComplex(gen.dtype) ? 'RFFT' : 'FFT', fft_lengths: [3] }),
    C4: (gen) => call(gen, [[gen.dtype, [2, 3]]], { fft_type: anyType(gen), fft_lengths: [3, 3] }),
  },
});

const anyType = (gen: Gen): FftType => (isComplex(gen.dtype) ? 'FFT' : 'RFFT');

/** Lengths with all kinds of factors, behind a batch of any shape that is small beside the class's own size. */
const LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12];
function drawn(gen: Gen, pick: (n: number) => number, shape: Shape): { shape: Shape; params: FftParams } {
  const types = TYPES.filter((t) => isComplex(gen.dtype) !== (t === 'RFFT'));
  const fft_type = types[pick(types.length)]!;
  const isLarge = gen.shapeClass === 'large';
  const batch = isLarge ? shape.slice(0, 0) : shape;
  const long = [[1024], [1025], [331], [33, 35], [8, 9, 10]];
  const short = Array.from({ length: 1 + pick(3) }, () => LENGTHS[pick(LENGTHS.length)]!);
  const params = { fft_type, fft_lengths: isLarge ? long[pick(long.length)]! : short };
  return { shape: [...batch, ...operandLengths(params)], params };
}
