/**
 * The laws of transformations on random programs: 2,000 of them in `npm test`, 50,000 in `npm run test:full`. Every pair
 * and every triple of transformations is applied to programs of loops, branches, calls, custom derivatives and further
 * transformations, and held to the plain meaning of the same mathematics (conformance/testing/programs/unrolled.ts).
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConcreteArray } from '../core/array.ts';
import type { NDArray } from '../core/ndarray.ts';
import { disagreement } from '../../conformance/testing/agree.ts';
import { FORWARD, REVERSE, type Transformation, TRANSFORMATIONS } from '../../conformance/testing/programs/algebra.ts';
import {
  agreement,
  composed,
  differentBits,
  type Sample,
  samples,
  showSample,
  structuredFunction,
  vectorOf,
} from '../../conformance/testing/programs/compositions.ts';
import { calling, OPERATIONS, operationsIn, REVERSE_ONLY } from '../../conformance/testing/programs/random.ts';
import { checkpoint, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, np, vjp, vmap } from '../index.ts';

const TIMES = process.env['TEST_LEVEL'] === 'full' ? 25 : 1;
const SEED = 20261123;
/** The full level takes a quarter of an hour on a slow machine. */
const timeout = 1_800_000;

/** What nobody can reach is freed between macrotasks only. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Checks a law on samples; a failure names the law and shows the smallest sample that breaks it. */
async function holds(
  law: string,
  seed: number,
  arbitrary: fc.Arbitrary<Sample>,
  numRuns: number,
  problemOf: (s: Sample) => string | null,
): Promise<void> {
  const { failed, counterexample, errorInstance } = await fc.check(
    fc.asyncProperty(arbitrary, async (sample) => {
      const problem = problemOf(sample);
      if (problem !== null) throw new Error(problem);
      await breath();
    }),
    { seed, numRuns },
  );
  if (!failed) return;
  const message = errorInstance instanceof Error ? errorInstance.message : 'interrupted';
  throw new Error(`${law} (seed ${seed}): ${message}\n${showSample(counterexample![0])}`, { cause: errorInstance });
}

describe('every composition of two and of three transformations is what the plain program is', () => {
  test.each(TRANSFORMATIONS.map((t, i) => [t, i] as const))('%s ∘ …', { timeout }, async (outer, i) => {
    const inner: (readonly Transformation[])[] = TRANSFORMATIONS.flatMap((t) => [[t], ...TRANSFORMATIONS.map((u) => [t, u])]); // prettier-ignore
    let [runs, elements, compared] = [0, 0, 0];
    const met = new Set<string>();
    for (const [k, rest] of inner.entries()) {
      const composition = [outer, ...rest];
      await holds(
        composition.join(' ∘ '),
        SEED + i * inner.length + k,
        samples(fc, composition),
        2 * TIMES,
        (sample) => {
          const result = agreement(composed(composition, sample), sample);
          runs++;
          elements += result.elements;
          compared += result.compared;
          for (const op of operationsIn(sample.program)) met.add(op);
          return result.problem;
        },
      );
    }
    expect(runs).toBe(90 * 2 * TIMES);
    const possible = FORWARD.includes(outer) ? OPERATIONS : [...OPERATIONS, ...REVERSE_ONLY];
    expect(possible.filter((op) => !met.has(op))).toEqual([]);
    expect(compared / elements).toBeGreaterThan(0.95);
  });
});

describe('a function with a backward pass of its own cannot be differentiated forwards, whatever is around', () => {
  const others = TRANSFORMATIONS.filter((t) => !FORWARD.includes(t));
  const inert = others.filter((t) => !REVERSE.includes(t));
  test.each(FORWARD)('%s', (forward) => {
    const around = fc.tuple(fc.subarray(others, { maxLength: 1 }), fc.subarray(inert, { maxLength: 1 }));
    const calls = fc.constantFrom(...REVERSE_ONLY).chain((op) => calling(fc, op));
    fc.assert(
      fc.property(around, samples(fc, [forward]), calls, ([outer, inner], sample, program) => {
        // Of a batch without examples nothing is differentiated.
        const form = sample.form % 3;
        const f = structuredFunction(composed([...outer, forward, ...inner], { ...sample, program, form }), sample);
        expect(() => f(vectorOf(sample, 0))).toThrow(/none for forward mode/);
      }),
      { numRuns: 20 },
    );
  });
});

type F = (x: NDArray) => NDArray;
type Law = (f: F, v: NDArray, w: NDArray) => readonly [(x: NDArray) => unknown, (x: NDArray) => unknown];
const inner = (x: NDArray, y: NDArray): NDArray => lax.dot(x, y);
const forward = (f: F, v: NDArray): F => (x) => jvp(f, [x], [v])[1]; // prettier-ignore
const backward = (f: F, w: NDArray): F => (x) => vjp(f, [x])[1](w)[0]; // prettier-ignore
const rows = (x: NDArray, v: NDArray): NDArray => np.stack([x, v, lax.rev(x, [0])]);
const each = (xs: NDArray): NDArray[] => Array.from({ length: xs.shape[0]! }, (_, i) => lax.squeeze(lax.slice(xs, [i, 0], [i + 1, xs.shape[1]!]), [0])); // prettier-ignore

const LAWS: Readonly<Record<string, Law>> = {
  'jit(f) = f': (f) => [jit(f), f],
  'vmap(f) is f of each example, stacked': (f, v) => [
    (x) => vmap(f)(rows(x, v)),
    (x) => np.stack(each(rows(x, v)).map(f)),
  ],
  'grad of the sum of vmap(f) = vmap(grad f)': (f, v) => [
    (x) => grad((xs: NDArray) => np.sum(vmap(f)(xs)))(rows(x, v)),
    (x) => vmap(grad((y: NDArray) => np.sum(f(y))))(rows(x, v)),
  ],
  'jvp of vjp = vjp of jvp': (f, v, w) => [forward(backward(f, w), v), backward(forward(f, v), w)],
  'linearize = jvp': (f, v) => [
    (x) => {
      const [y, push] = linearize(f, [x]);
      return [y, push(v)];
    },
    (x) => jvp(f, [x], [v]),
  ],
  'jacfwd = jacrev': (f) => [jacfwd(f), jacrev(f)],
  'the columns of jacfwd are tangents': (f) => [
    jacfwd(f),
    (x) =>
      np.stack(
        each(np.eye(x.size, { dtype: x.dtype })).map((axis) => forward(f, axis)(x)),
        1,
      ),
  ],
  '⟨J v, w⟩ = ⟨v, Jᵀ w⟩': (f, v, w) => [(x) => inner(forward(f, v)(x), w), (x) => inner(v, backward(f, w)(x))],
  'the Hessian is symmetric': (f, _, w) => {
    const h = hessian((x: NDArray) => inner(f(x), w));
    return [h, (x) => lax.transpose(h(x), [1, 0])];
  },
};

/** What both modes can differentiate, and without saying that it is holomorphic. */
const realSamples = samples(fc, ['jvp']).filter(({ dtype }) => dtype !== 'complex64');

describe('laws', () => {
  test.each(Object.entries(LAWS))('%s', { timeout }, async (name, law) => {
    await holds(name, SEED, realSamples, 38 * TIMES, (sample) => {
      const f = structuredFunction(composed([], sample), sample);
      const [a, b] = law(f, vectorOf(sample, 1), vectorOf(sample, 2));
      return disagreement(a, b, [vectorOf(sample, 0)]);
    });
  });

  const USES: Readonly<Record<string, (f: F, v: NDArray, w: NDArray) => F>> = {
    value: (f) => f,
    tangent: forward,
    gradient: (f, _, w) => backward(f, w),
    'tangent of the gradient': (f, v, w) => forward(backward(f, w), v),
    'gradient of the tangent': (f, v, w) => backward(forward(f, v), w),
  };
  test('checkpoint changes no bit', { timeout }, async () => {
    await holds('checkpoint changes no bit', SEED, samples(fc, ['jvp']), 38 * TIMES, (sample) => {
      const f = structuredFunction(composed([], sample), sample);
      const [x, v, w] = [0, 1, 2].map((k) => vectorOf(sample, k)) as [NDArray, NDArray, NDArray];
      for (const [what, use] of Object.entries(USES)) {
        const [a, b] = [f, checkpoint(f)].map((g) => (use(g, v, w)(x) as ConcreteArray).toHost());
        const problem = differentBits(a!, b!);
        if (problem !== null) return `${what}${problem}`;
      }
      return null;
    });
  });
});
