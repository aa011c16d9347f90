/** Random programs under compositions of transformations, each way of running them held to the others. */
import type * as FC from 'fast-check';
import type { ConcreteArray } from '../../../reference/core/array.ts';
import { type DType, isComplex } from '../../../reference/core/dtypes.ts';
import { elements, type HostArray, sameElement, sizeOf } from '../../../reference/core/host.ts';
import { showElement } from '../../../reference/core/show.ts';
import { type NDArray, np } from '../../../reference/index.ts';
import { boundedResults, compareBounded, type Comparison } from '../agree.ts';
import { evaluateBounded } from '../bounded.ts';
import { type Algebra, type Body, FORWARD, type Transformation } from './algebra.ts';
import { type Program, programs, run, showProgram } from './random.ts';
import { arithmetic, firstOf, structured } from './structured.ts';
import { unrolled } from './unrolled.ts';

/** The length of the vectors. */
export const LENGTH = 2;
/** Mostly float64, whose bounds are narrowest. */
const DTYPES: readonly DType[] = ['float64', 'float64', 'float64', 'float32', 'complex64', 'bfloat16'];

const algebras = new Map(DTYPES.map((dtype) => [dtype, bothOf(dtype)]));
function bothOf(dtype: DType): { readonly real: Algebra<NDArray>; readonly plain: Algebra<NDArray> } {
  const first = (x: NDArray): number => firstOf(x).item() as number;
  return { real: structured(LENGTH, dtype), plain: unrolled({ ...arithmetic(LENGTH, dtype), first }) };
}

/** A function of a vector that can be run in any algebra. */
export type Polymorphic = <V>(A: Algebra<V>) => Body<V>;

export interface Sample {
  readonly dtype: DType;
  readonly program: Program;
  readonly form: number;
  /** The argument, and a direction for each transformation; in 64ths. */
  readonly vectors: readonly (readonly number[])[];
}

/** Programs that the transformations can take, the first being the outermost. */
export function samples(fc: typeof FC, composition: readonly Transformation[]): FC.Arbitrary<Sample> {
  const customVjps = composition.some((t) => FORWARD.includes(t)) ? 'none' : 'declared';
  const vector = fc.array(fc.integer({ min: -128, max: 128 }), { minLength: LENGTH, maxLength: LENGTH });
  return fc.constantFrom(...DTYPES).chain((dtype) =>
    fc.record({
      dtype: fc.constant(dtype),
      program: programs(fc, { depth: 2, steps: 3, customVjps, without: isComplex(dtype) ? ['whole'] : [] }),
      form: fc.nat(7),
      vectors: fc.array(vector, { minLength: 4, maxLength: 4 }),
    }),
  );
}

/** The argument (0), and the directions of the transformations. Only the argument has an imaginary part. */
export function vectorOf({ vectors, dtype }: Sample, k: number): NDArray {
  const x = np.array(numbersOf(vectors[k]!), { dtype });
  return k === 0 && isComplex(dtype) ? np.multiply(x, np.array({ re: 1, im: 0.5 }, { dtype })) : x;
}
const numbersOf = (vector: readonly number[]): number[] => vector.map((v) => v / 64);

/** The program under the transformations, the first outermost. */
export function composed(composition: readonly Transformation[], { program, form, vectors }: Sample): Polymorphic {
  const from = (level: number): Polymorphic =>
    level === composition.length
      ? (A) => (x) => run(A, program, [x])
      : (A) => (x) => {
          const direction = A.constant(numbersOf(vectors[level + 1]!));
          return A.transform(composition[level]!, (B) => from(level + 1)(B), x, direction, form);
        };
  return from(0);
}

/** Structured under `jit`, structured at once, and unrolled: three ways, one function. */
export function agreement(f: Polymorphic, sample: Sample): Comparison {
  const { real, plain } = algebras.get(sample.dtype)!;
  const x = vectorOf(sample, 0);
  const [traced] = boundedResults((v: NDArray) => f(real)(v), [x]);
  const comparison = compareBounded(
    traced!,
    evaluateBounded((v) => f(plain)(v), [x]),
  );
  if (comparison.problem !== null) return comparison;
  return { ...comparison, problem: differentBits(traced!.value, (f(real)(x) as ConcreteArray).toHost()) };
}

/** The first element that is not the same in both, in words, or null. */
export function differentBits(x: HostArray, y: HostArray): string | null {
  const [u, v] = [elements(x), elements(y)];
  const i = Array.from({ length: sizeOf(x.shape) }, (_, k) => k).find((k) => !sameElement(u(k), v(k)));
  return i === undefined ? null : `, element ${i}: ${[u, v].map((at) => showElement(x.dtype, at(i))).join(' and ')}`;
}

/** The function as users would write it. */
export const structuredFunction = (f: Polymorphic, { dtype }: Sample): ((x: NDArray) => NDArray) =>
  f(algebras.get(dtype)!.real);

/** What a failure shows. */
export const showSample = ({ dtype, program, form, vectors }: Sample): string =>
  `${dtype}, form ${form}, vectors/64 ${JSON.stringify(vectors)}\n${showProgram(program)}`;
