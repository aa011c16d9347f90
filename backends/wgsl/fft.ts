/**
 * The discrete Fourier transform, axis after axis, by Stockham's form of Cooley and Tukey's splitting: no step permutes
 * anything, as each writes where the next one reads (Van Loan, Computational Frameworks for the Fast Fourier Transform,
 * 1992, §1.7).
 */
import { buildElements, type Shape, sizeOf } from '../../reference/core/host.ts';
import type { FftParams } from '../../reference/primitives/fft.ts';
import { primeFactors, rootsOfUnity } from '../../reference/primitives/numerics/dft.ts';
import type { Builder, Code } from './compile/builder.ts';
import { addIndex, Index, timesIndex } from './compile/index-space.ts';
import type { Graph, Lowerer, Part } from './compile/lowering.ts';
import { Computation, Indexed, type Node } from './compile/node.ts';
import { times } from './monoids.ts';
import { pointwise } from './pointwise.ts';

/** The most that a step splits by, if no prime factor is larger: it takes that many products per element. */
const RADIX = 16;

/** Numbers whose product is n, few and small. */
function radices(n: number): number[] {
  const found: number[] = [];
  for (const p of primeFactors(n).toReversed()) {
    const at = found.findIndex((r) => r * p <= RADIX);
    if (at < 0) found.push(p);
    else found[at]! *= p;
  }
  return found;
}

/** One axis of an array, the others before and after it. */
interface Axis {
  readonly length: number;
  /** The distance of neighbours along it. */
  readonly stride: number;
}

/**
 * One step: `x` holds n/done transforms of length `done` along the axis, one behind the other, of elements that are n/done
 * apart. The result holds those of length done·radix.
 */
function step(x: Node, roots: Node, { length, stride }: Axis, done: number, radix: number): Node {
  const { shape } = x.type;
  const joined = done * radix;
  const apart = length / joined;
  return new Computation({
    name: 'fft',
    operands: [x, roots],
    pulled: x.kind === 'indexed' ? [x] : [],
    results: [{ shape, dtype: 'complex64' }],
    finishes: true,
    make: (making, { results: [result] }) =>
      making.each(sizeOf(shape), (k, i) => {
        const [outer, place, inner] = Index.flat([sizeOf(shape) / length / stride, length, stride], i).dims(k);
        const [first, wave] = Index.flat([apart, joined], place!).dims(k);
        const own = done === 1 ? '0u' : k.let('u32', `${wave} % ${done}u`);
        const row = k.let('u32', addIndex(timesIndex(outer!, length * stride), inner!));
        const sum = k.variable('vec2f', 'vec2f()');
        const turn = k.variable('u32', '0u'); // q·wave modulo joined
        k.loop('0u', `${radix}u`, '1u', (q) => {
          const from = addIndex(timesIndex(addIndex(first!, timesIndex(q, apart)), done), own);
          const at = k.let('u32', addIndex(row, timesIndex(from, stride)));
          const root = k.at(roots, [timesIndex(k.read(turn), apart)]);
          const value = k.element(x, Index.flat(shape, at));
          k.line(`${sum} = ${sum} + ${times(k, complexOf(x, value), root, 'complex64')};`);
          const next = k.read(`${turn} + ${wave}`);
          k.line(`${turn} = select(${next}, ${next} - ${joined}u, ${next} >= ${joined}u);`);
        });
        k.define(result!, Index.flat(shape, i), k.read(sum));
      }),
  }).results[0]!;
}

const complexOf = (x: Node, value: Code): Code => (x.type.dtype === 'complex64' ? value : `vec2f(${value}, 0.0)`);

/** The transform along an axis, without the factor 1/n of the inverse. */
function transformed(graph: Graph, x: Node, axis: number, inverse: boolean): Node {
  const length = x.type.shape[axis]!;
  if (length === 1) return asComplex(x);
  const stride = sizeOf(x.type.shape.slice(axis + 1));
  const { re, im } = rootsOfUnity(length, inverse);
  const roots = graph.constant(buildElements('complex64', [length], (k) => ({ re: re[k]!, im: im[k]! })));
  let done = 1;
  let y = x;
  for (const radix of radices(length)) {
    y = step(y, roots, { length, stride }, done, radix);
    done *= radix;
  }
  return y;
}

const asComplex = (x: Node): Node =>
  x.type.dtype === 'complex64'
    ? x
    : pointwise({ shape: x.type.shape, dtype: 'complex64' }, [x], 0, (_, [value]) => complexOf(x, value!));

/** The first elements along the last axis. */
const shortened = (x: Node, shape: Shape): Node =>
  new Indexed({ shape, dtype: 'complex64' }, [x], (k, index) => k.at(x, index.dims(k)));

/** A whole spectrum of real data from its first half: element n − i is the conjugate of element i. */
function completed(x: Node, n: number): Node {
  const half = x.type.shape.at(-1)!;
  const shape = x.type.shape.with(-1, n);
  return new Indexed({ shape, dtype: 'complex64' }, [x], (k: Builder, index: Index) => {
    const dims = index.dims(k);
    if (n === half) return k.at(x, dims);
    const place = dims.at(-1)!;
    const isOwn = k.let('bool', `${place} < ${half}u`);
    const value = k.at(x, dims.with(-1, k.let('u32', `select(${n}u - ${place}, ${place}, ${isOwn})`)));
    return k.let('vec2f', `vec2f(${value}.x, select(-${value}.y, ${value}.y, ${isOwn}))`);
  });
}

const fftOf: Lowerer<FftParams> = (graph, [x], { fft_type, fft_lengths }, [result]) => {
  const inverse = fft_type === 'IFFT' || fft_type === 'IRFFT';
  const { shape, dtype } = result!;
  const last = shape.length - 1;
  let y = x!;
  if (fft_type === 'RFFT') y = shortened(transformed(graph, y, last, false), shape);
  for (let axis = shape.length - fft_lengths.length; axis < last; axis++) y = transformed(graph, y, axis, inverse);
  if (fft_type === 'IRFFT') y = completed(y, fft_lengths.at(-1)!);
  if (fft_type !== 'RFFT') y = transformed(graph, y, last, inverse);
  if (!inverse) return [y];
  const count = sizeOf(fft_lengths);
  return [pointwise({ shape, dtype }, [y], 1, (_, [z]) => `(${fft_type === 'IRFFT' ? `${z}.x` : z} / ${count}.0)`)];
};

export const fft: Part<'fft'> = { fft: fftOf };
