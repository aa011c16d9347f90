/**
 * The discrete Fourier transform, axis after axis, by Stockham's form of Cooley and Tukey's splitting: no step permutes
 * anything, as each writes where the next one reads (Van Loan, Computational Frameworks for the Fast Fourier Transform,
 * 1992, §1.7).
 */
import { buildElements, type Shape, sizeOf } from '../../reference/core/host.ts';
import type { FftParams } from '../../reference/primitives/fft.ts';
import { primeFactors, rootsOfUnity } from '../../reference/primitives/numerics/dft.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, Index, timesIndex } from './compile/index-space.ts';
import type { Graph, Lowerer, Part } from './compile/lowering.ts';
import type { Making } from './compile/making.ts';
import { Computation, Indexed, type Node, type Result } from './compile/node.ts';
import { times } from './monoids.ts';
import { pointwise } from './pointwise.ts';

/** Up to this an invocation makes all elements that the same ones go into; of longer ones each is made by itself. */
const BUTTERFLY = 7;

/** Numbers whose product is n: its prime factors, pairs of twos together. */
function radices(n: number): number[] {
  const primes = primeFactors(n);
  const twos = primes.filter((p) => p === 2).length;
  return [...Array.from({ length: twos >> 1 }, () => 4), ...primes.slice(twos - (twos & 1))];
}

/** One step along an axis, the other axes before and after it. */
interface Step {
  readonly x: Node;
  readonly roots: Node;
  readonly length: number;
  /** The distance of neighbours along the axis. */
  readonly stride: number;
  /**
   * The operand holds length/done transforms of length `done`, one behind the other, of elements that are length/done
   * apart; the result holds those of length done·radix.
   */
  readonly done: number;
  readonly radix: number;
  readonly inverse: boolean;
}

function stepped(step: Step): Node {
  const { x, roots } = step;
  const { shape } = x.type;
  return new Computation({
    name: 'fft',
    operands: [x, roots],
    pulled: x.kind === 'indexed' ? [x] : [],
    results: [{ shape, dtype: 'complex64' }],
    finishes: true,
    make: (making, { results: [result] }) =>
      step.radix <= BUTTERFLY ? butterflies(making, step, result!) : sums(making, step, result!),
  }).results[0]!;
}

/** Where an element of one row along the axis is. */
const placed = (k: Builder, { length, stride }: Step, outer: Code, inner: Code, place: Code): Code =>
  k.let('u32', addIndex(timesIndex(addIndex(timesIndex(outer, length), place), stride), inner));

const element = (k: Builder, { x }: Step, at: Code): Code => complexOf(x, k.element(x, Index.flat(x.type.shape, at)));

/** All elements that the same `radix` ones go into, by one invocation. */
function butterflies(making: Making, step: Step, result: Result): void {
  const { roots, length, stride, done, radix, inverse } = step;
  const { shape } = result.type;
  const apart = length / done / radix;
  making.each(sizeOf(shape) / radix, (k, i) => {
    const [outer, first, own, inner] = Index.flat([sizeOf(shape) / length / stride, apart, done, stride], i).dims(k);
    const turned = Array.from({ length: radix }, (_, q) => {
      const from = addIndex(timesIndex(addIndex(first!, `${q * apart}u`), done), own!);
      const value = k.let('vec2f', element(k, step, placed(k, step, outer!, inner!, from)));
      if (q === 0 || done === 1) return value;
      return times(k, value, k.at(roots, [k.let('u32', timesIndex(own!, q * apart))]), 'complex64');
    });
    for (let s = 0; s < radix; s++) {
      const to = addIndex(timesIndex(first!, done * radix), addIndex(own!, `${s * done}u`));
      const terms = turned.map((value, q) => timesRoot(k, value, (q * s) % radix, radix, inverse));
      const at = placed(k, step, outer!, inner!, to);
      k.define(result, Index.flat(shape, at), k.let('vec2f', terms.join(' + ')));
    }
  });
}

/** A number times a root of unity: quarters of a turn only exchange parts. */
function timesRoot(k: Builder, value: Code, turn: number, of: number, inverse: boolean): Code {
  const quarter = (4 * turn) / of;
  const [left, right] = [`vec2f(-${value}.y, ${value}.x)`, `vec2f(${value}.y, -${value}.x)`];
  if (Number.isInteger(quarter))
    return [value, inverse ? left : right, `(-${value})`, inverse ? right : left][quarter]!;
  const { re, im } = rootsOfUnity(of, inverse);
  return times(k, value, k.constant('complex64', re[turn]!, im[turn]), 'complex64');
}

/** Each element by itself. */
function sums(making: Making, step: Step, result: Result): void {
  const { roots, length, stride, done, radix } = step;
  const { shape } = result.type;
  const joined = done * radix;
  const apart = length / joined;
  making.each(sizeOf(shape), (k, i) => {
    const [outer, first, wave, inner] = Index.flat([sizeOf(shape) / length / stride, apart, joined, stride], i).dims(k);
    const own = done === 1 ? '0u' : k.let('u32', `${wave} % ${done}u`);
    const sum = k.variable('vec2f', 'vec2f()');
    const turn = k.variable('u32', '0u'); // q·wave modulo joined
    k.loop('0u', `${radix}u`, '1u', (q) => {
      const from = addIndex(timesIndex(addIndex(first!, timesIndex(q, apart)), done), own);
      const value = k.let('vec2f', element(k, step, placed(k, step, outer!, inner!, from)));
      const root = k.at(roots, [timesIndex(k.read(turn), apart)]);
      k.line(`${sum} = ${sum} + ${times(k, value, root, 'complex64')};`);
      const next = k.read(`${turn} + ${wave}`);
      k.line(`${turn} = select(${next}, ${next} - ${joined}u, ${next} >= ${joined}u);`);
    });
    k.define(result, Index.flat(shape, i), k.read(sum));
  });
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
    y = stepped({ x: y, roots, length, stride, done, radix, inverse });
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
