import { expect, it, test } from 'vitest';
import fc from 'fast-check';
import '../index.ts';
import { callsOf, forCalls } from '../../conformance/testing/structural.ts';
import { complexOf, finfo, isComplex, partOf } from '../core/dtypes.ts';
import { avalOf, buildElements, type Complex, elements, forEachIndex, type HostArray, hostArray, sizeOf } from '../core/host.ts'; // prettier-ignore
import { fft, type FftParams, type FftType } from './fft.ts';

const complexAt = (x: HostArray): ((i: number) => Complex) => {
  const at = elements(x);
  return (i) => {
    const v = at(i);
    return typeof v === 'object' ? v : { re: Number(v), im: 0 };
  };
};

/** The definition, element by element: `coefficient` is what an element of x has in an element of the result. */
function byDefinition(x: HostArray, { fft_type, fft_lengths }: FftParams, shape: readonly number[]): Complex[] {
  const axes = fft_lengths.length;
  const batch = x.shape.length - axes;
  const inner = x.shape.slice(batch);
  const at = complexAt(x);
  const inverse = fft_type === 'IFFT' || fft_type === 'IRFFT';
  const results: Complex[] = [];
  forEachIndex(shape, (index, flat) => {
    const block = Math.floor(flat / sizeOf(shape.slice(batch)));
    let [re, im] = [0, 0];
    forEachIndex(inner, (k, j) => {
      const turns = fft_lengths.reduce((sum, n, d) => sum + ((k[d]! * index[batch + d]!) % n) / n, 0);
      const angle = (inverse ? 2 : -2) * Math.PI * (turns % 1);
      const n = fft_lengths.at(-1)!;
      const mirrored = fft_type === 'IRFFT' && k.at(-1)! > 0 && 2 * k.at(-1)! < n ? 2 : 1;
      const v = at(block * sizeOf(inner) + j);
      re += mirrored * (v.re * Math.cos(angle) - v.im * Math.sin(angle));
      im += mirrored * (v.re * Math.sin(angle) + v.im * Math.cos(angle));
    });
    const count = inverse ? sizeOf(fft_lengths) : 1;
    results.push({ re: re / count, im: fft_type === 'IRFFT' ? 0 : im / count });
  });
  return results;
}

it('is the sum that defines it', () => {
  forCalls(fft, undefined, ({ args: [x], params }) => {
    const data = complexAt(x!);
    const finite = Array.from({ length: sizeOf(x!.shape) }, (_, i) => data(i)).every((v) => Math.abs(v.re) < 1e9 && Math.abs(v.im) < 1e9); // prettier-ignore
    if (!finite) return;
    const [y] = fft.evaluate([x!], params);
    const accuracy = fft.accuracy([avalOf(x!)], params);
    if (accuracy.kind !== 'normwise') throw new Error('another accuracy');
    const scale = accuracy.scale!([x!], [y!])[0]!;
    const got = complexAt(y!);
    const { unitRoundoff } = finfo(y!.dtype);
    byDefinition(x!, params, y!.shape).forEach((e, i) => {
      const error = Math.hypot(got(i).re - e.re, got(i).im - e.im);
      // The sum here is one splitting by the whole length, in double precision.
      const here = (sizeOf(params.fft_lengths) + 12) * 2 ** -53 * scale[i]!;
      expect(error).toBeLessThanOrEqual((accuracy.n + 0.5) * unitRoundoff * scale[i]! + here);
    });
  });
});

it('has no more results than the types say', () => {
  const types = { FFT: 'complex64', IFFT: 'complex64', RFFT: 'complex64', IRFFT: 'float32' } as const;
  fc.assert(
    fc.property(callsOf(fft), ({ args: [x], params }) => {
      const [y] = fft.evaluate([x!], params);
      const [expected] = fft.infer([avalOf(x!)], params);
      expect([y!.shape, y!.dtype]).toEqual([expected!.shape, expected!.dtype]);
      const wide = partOf(x!.dtype) === 'float64';
      const type = types[params.fft_type];
      expect(y!.dtype).toBe(wide ? (isComplex(type) ? complexOf('float64') : 'float64') : type);
    }),
  );
});

/** The roots of unity of such lengths are exact, and so are sums of small integers. */
test.each<[FftType, readonly Complex[], readonly number[]]>([
  ['FFT', [1, 2, 3, 4].map((re) => ({ re, im: 0 })), [10, 0, -2, 2, -2, 0, -2, -2]],
  ['IFFT', [4, 0, 0, 0].map((re) => ({ re, im: 0 })), [1, 0, 1, 0, 1, 0, 1, 0]],
])('%s of length 4 is exact', (fft_type, x, y) => {
  expect([...fft.evaluate([hostArray('complex128', [4], x)], { fft_type, fft_lengths: [4] })[0]!.data].map((v) => Number(v) + 0)).toEqual(y); // prettier-ignore
});

test('65,536 elements there and back, in no quadratic time', () => {
  const n = 2 ** 16;
  const x = buildElements('complex64', [n], (i) => ({ re: Math.sin(i), im: Math.cos(3 * i) }));
  const [y] = fft.evaluate([x], { fft_type: 'FFT', fft_lengths: [n] });
  const [back] = fft.evaluate([y!], { fft_type: 'IFFT', fft_lengths: [n] });
  const errors = Array.from(x.data as Float32Array, (v, i) => Math.abs(v - Number(back!.data[i])));
  // The spectrum is rounded once, which is u·‖y‖₂/√n = u·‖x‖₂ ≤ u·√(2n) in an element, and so is the result.
  expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(2 ** -24 * (Math.sqrt(2 * n) + 2));
});

test('a row that is not finite is NaN, the others are not', () => {
  const x = hostArray('float32', [2, 3], [1, Infinity, 2, 1, 2, 3]);
  const [y] = fft.evaluate([x], { fft_type: 'RFFT', fft_lengths: [3] });
  expect([...(y!.data as Float32Array)].map(Number.isNaN)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
