/** `numpy.fft`: discrete Fourier transforms along any axes, each a few `lax.fft`. */
import { finite, integers, oneOrMore, shapeArgument } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { complexOf, isComplex, partOf } from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../../core/errors.ts';
import type { Shape } from '../../core/host.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import type { FftType } from '../../primitives/fft.ts';
import { canonicalAxis, inexact } from './arguments.ts';
import { moveaxis, roll } from './shape.ts';

const NORMS = ['backward', 'ortho', 'forward'] as const;
/** Which of the two directions divides by the number of elements: the inverse, both by its root, or the other. */
export type Norm = (typeof NORMS)[number];
export interface FftOptions {
  readonly norm?: Norm | null;
}

const AXES_AT_ONCE = 3;

/** Zeros behind, or a part left away: the axis has size n. */
function resized(x: NDArray, axis: number, n: number): NDArray {
  const size = x.shape[axis]!;
  if (n <= size) return n === size ? x : lax.sliceInDim(x, 0, n, 1, axis);
  return lax.pad(x, lax.zerosLike({ shape: [], dtype: x.dtype }), x.shape.map((_, d) => [0, d === axis ? n - size : 0, 0])); // prettier-ignore
}

/** Transforms over up to three axes, the last of them last. */
function along(x: NDArray, type: FftType, axes: readonly number[], lengths: Shape): NDArray {
  if (axes.length === 0) return x;
  const last = axes.map((_, i) => i - axes.length);
  return moveaxis(lax.fft(moveaxis(x, axes, last), type, lengths), last, axes);
}

function transform(
  a: ArrayLike,
  type: FftType,
  sizes: Shape | null,
  axesGiven: readonly number[] | null,
  { norm }: FftOptions,
  where: string,
): NDArray {
  const given = asArray(a, where);
  if (type === 'RFFT' && isComplex(given.dtype))
    throw new ArgumentError(`${where}: takes real numbers, got ${given.dtype}`);
  const real = inexact(given.dtype);
  let x = lax.convertElementType(given, type === 'RFFT' ? real : complexOf(partOf(real)));
  if (sizes !== null) integers(sizes, `${where}: s`);
  const last = x.shape.map((_, d) => d).slice(-(sizes?.length ?? x.ndim));
  const axes = integers(axesGiven ?? last, `${where}: axes`).map((d) => canonicalAxis(d, x.ndim, where));
  const isHalf = type === 'IRFFT';
  const lengths = axes.map(
    (d, i) => sizes?.[i] ?? (isHalf && i === axes.length - 1 ? 2 * (x.shape[d]! - 1) : x.shape[d]!),
  );
  if (axes.length === 0 || lengths.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ArgumentError(`${where}: needs axes of positive length, got lengths [${lengths.join(', ')}]`);
  }
  axes.forEach(
    (d, i) => (x = resized(x, d, isHalf && i === axes.length - 1 ? Math.floor(lengths[i]! / 2) + 1 : lengths[i]!)),
  );
  // The axis of half a spectrum comes first of all, or last.
  const groups = Array.from({ length: Math.ceil(axes.length / AXES_AT_ONCE) }, (_, g) => {
    const end = axes.length - g * AXES_AT_ONCE;
    return [Math.max(0, end - AXES_AT_ONCE), end] as const;
  });
  for (const [from, to] of isHalf ? groups.toReversed() : groups) {
    const whole = isHalf || type === 'IFFT' ? 'IFFT' : 'FFT';
    x = along(x, to === axes.length ? type : whole, axes.slice(from, to), lengths.slice(from, to));
  }
  return scaled(
    x,
    lengths.reduce((n, d) => n * d, 1),
    isHalf || type === 'IFFT',
    norm ?? 'backward',
    where,
  );
}

/** The division by n is done for inverses; a norm may want it of the other direction. */
function scaled(x: NDArray, n: number, inverse: boolean, norm: Norm, where: string): NDArray {
  if (!NORMS.includes(norm))
    throw new ArgumentError(`${where}: norm must be one of ${NORMS.join(', ')}, got ${String(norm)}`);
  if (norm === 'backward') return x;
  const share = norm === 'ortho' ? Math.sqrt(n) : n;
  return inverse ? lax.mul(x, share) : lax.div(x, share);
}

export type Fft = (a: ArrayLike, n?: number | null, axis?: number, options?: FftOptions) => NDArray;
const oneAxis =
  (name: string, type: FftType): Fft =>
  (a, n = null, axis = -1, options = {}, ...more: []) => {
    refuseExtra(more, `np.fft.${name}`);
    checkOptions(options, ['norm'], `np.fft.${name}`);
    return transform(a, type, n === null ? null : [n], [axis], options, `np.fft.${name}`);
  };
/** The discrete Fourier transform along an axis, of its first n elements (or with zeros behind them). */
export const fft: Fft = oneAxis('fft', 'FFT');
export const ifft: Fft = oneAxis('ifft', 'IFFT');
/** Of real numbers: the first half of the spectrum. */
export const rfft: Fft = oneAxis('rfft', 'RFFT');
/** From half a spectrum; n is the length of the result, even if it is not said. */
export const irfft: Fft = oneAxis('irfft', 'IRFFT');

export type FftN = (a: ArrayLike, s?: Shape | null, axes?: readonly number[] | null, options?: FftOptions) => NDArray;
const manyAxes =
  (name: string, type: FftType, usual: readonly number[] | null): FftN =>
  (a, s = null, axes = usual, options = {}, ...more: []) => {
    refuseExtra(more, `np.fft.${name}`);
    checkOptions(options, ['norm'], `np.fft.${name}`);
    return transform(a, type, s, axes, options, `np.fft.${name}`);
  };
/** Transforms along several axes, all if they are not said; `s` are their lengths. */
export const fftn: FftN = manyAxes('fftn', 'FFT', null);
export const ifftn: FftN = manyAxes('ifftn', 'IFFT', null);
export const rfftn: FftN = manyAxes('rfftn', 'RFFT', null);
export const irfftn: FftN = manyAxes('irfftn', 'IRFFT', null);
export const fft2: FftN = manyAxes('fft2', 'FFT', [-2, -1]);
export const ifft2: FftN = manyAxes('ifft2', 'IFFT', [-2, -1]);
export const rfft2: FftN = manyAxes('rfft2', 'RFFT', [-2, -1]);
export const irfft2: FftN = manyAxes('irfft2', 'IRFFT', [-2, -1]);

/** The frequencies of the elements of a transform of length n: 0, 1, … and then the negative ones, over n·d. */
export function fftfreq(n: number, d: number = 1, ...more: []): NDArray {
  refuseExtra(more, 'np.fft.fftfreq');
  const [size] = shapeArgument(n, 'np.fft.fftfreq: n') as [number];
  const half = Math.floor((size - 1) / 2) + 1;
  const k = lax.iota('float32', size);
  return lax.div(lax.select(lax.lt(k, half), k, lax.sub(k, n)), n * finite(d, 'np.fft.fftfreq: d'));
}
/** The frequencies of half a spectrum. */
export const rfftfreq = (n: number, d: number = 1, ...more: []): NDArray => {
  refuseExtra(more, 'np.fft.rfftfreq');
  const [size] = shapeArgument(n, 'np.fft.rfftfreq: n') as [number];
  return lax.div(lax.iota('float32', Math.floor(size / 2) + 1), n * finite(d, 'np.fft.rfftfreq: d'));
};

const shift =
  (name: string, by: (n: number) => number) =>
  (x: ArrayLike, axes: number | readonly number[] | null = null, ...more: []): NDArray => {
    refuseExtra(more, name);
    const array = asArray(x, name);
    const list = axes === null ? array.shape.map((_, d) => d) : oneOrMore(axes, `${name}: axes`);
    return roll(array, list.map((d) => by(array.shape[canonicalAxis(d, array.ndim, name)]!)), [...list]); // prettier-ignore
  };
/** The frequency 0 in the middle. */
export const fftshift: (x: ArrayLike, axes?: number | readonly number[] | null) => NDArray = shift('np.fft.fftshift', (n) => Math.floor(n / 2)); // prettier-ignore
/** Undoes `fftshift`. */
export const ifftshift: (x: ArrayLike, axes?: number | readonly number[] | null) => NDArray = shift('np.fft.ifftshift', (n) => -Math.floor(n / 2)); // prettier-ignore
