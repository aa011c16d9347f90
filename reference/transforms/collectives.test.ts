/**
 * Functions with collectives against the same on a list of lanes, one after the other: values, derivatives, and through
 * every construct that holds a program.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkpoint, jit, jvp, grad, lax, linearize, np, vjp, vmap } from '../index.ts';
import { disagreement } from '../../conformance/testing/agree.ts';
import type { NDArray } from '../core/ndarray.ts';

const LANES = 3;
const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
const total = (x: NDArray): NDArray => x.sum();

/** What a program of lanes is made of. V is what stands for the vector (of `LANES` elements) of every lane. */
interface Machine<V> {
  each(f: (x: NDArray, lane: NDArray) => NDArray, x: V): V;
  psum(x: V): V;
  pmean(x: V): V;
  pmax(x: V): V;
  pmin(x: V): V;
  ppermute(x: V, perm: readonly (readonly [number, number])[]): V;
  pswapaxes(x: V): V;
  allToAll(x: V): V;
  /** The element-wise product of what lane 1 has and what this one has. */
  gathered(x: V): V;
  psumScatter(x: V): V;
}

/** The functions of lax, for one lane of many. */
const named: Machine<NDArray> = {
  each: (f, x) => f(x, lax.axisIndex('i')),
  psum: (x) => lax.psum(x, 'i'),
  pmean: (x) => lax.pmean(x, 'i'),
  pmax: (x) => lax.pmax(x, 'i'),
  pmin: (x) => lax.pmin(x, 'i'),
  ppermute: (x, perm) => lax.ppermute(x, 'i', perm),
  pswapaxes: (x) => lax.pswapaxes(x, 'i', 0),
  allToAll: (x) => lax.allToAll(x, 'i', 0, 0, { tiled: true }),
  gathered: (x) => lax.allGather(x, 'i', { axis: 1 }).take(1, 1).mul(x),
  psumScatter: (x) => x.mul(lax.psumScatter(x, 'i')),
};

const together = (combine: (a: NDArray, b: NDArray) => NDArray) => (xs: readonly NDArray[]) => {
  const all = xs.reduce(combine);
  return xs.map(() => all);
};
const columns = (xs: readonly NDArray[]): NDArray[] => xs.map((_, k) => np.stack(xs.map((x) => x.take(k, 0))));

/** A list of all lanes. */
const listed: Machine<readonly NDArray[]> = {
  each: (f, xs) => xs.map((x, k) => f(x, np.array(k, 'int32'))),
  psum: together(np.add),
  pmean: (xs) => together(np.add)(xs).map((x) => x.div(LANES)),
  pmax: (xs) => together(np.maximum)(xs),
  pmin: (xs) => together(np.minimum)(xs),
  ppermute: (xs, perm) =>
    xs.map((x, to) => {
      const from = perm.find((pair) => pair[1] === to)?.[0];
      return from === undefined ? np.zerosLike(x) : xs[from]!;
    }),
  pswapaxes: columns,
  allToAll: columns,
  gathered: (xs) => xs.map((x) => x.mul(xs[1]!)),
  psumScatter: (xs) => xs.map((x, k) => x.mul(together(np.add)(xs)[0]!.take(k, 0))),
};

type Construct = 'plain' | 'jit' | 'checkpoint' | 'scan' | 'while' | 'cond';
interface Step {
  readonly kind: Exclude<keyof Machine<never>, 'ppermute'> | 'ppermute';
  readonly perm: readonly (readonly [number, number])[];
  readonly within: Construct;
}

const local = (x: NDArray, lane: NDArray): NDArray => x.mul(0.5).add(np.cos(x)).mul(lane.astype('float64').add(1));

function apply<V>(m: Machine<V>, { kind, perm }: Step, x: V): V {
  if (kind === 'each') return m.each(local, x);
  return kind === 'ppermute' ? m.ppermute(x, perm) : m[kind](x);
}

/** The construct around `f` for one lane. */
const CONSTRUCTS: Record<Construct, (f: (x: NDArray) => NDArray, x: NDArray) => NDArray> = {
  plain: (f, x) => f(x),
  jit: (f, x) => jit(f)(x),
  checkpoint: (f, x) => checkpoint(f)(x),
  scan: (f, x) => lax.scan((c: NDArray) => [f(c).mul(0.5), null], x, null, { length: 2 })[0],
  while: (f, x) => lax.foriLoop(0, 2, (_: NDArray, c: NDArray) => f(c).mul(0.5), x),
  cond: (f, x) => lax.cond(lax.psum(total(x), 'i').greater(0), f, (c: NDArray) => c, x),
};
const LISTED: Record<Construct, (f: (xs: readonly NDArray[]) => readonly NDArray[], xs: readonly NDArray[]) => readonly NDArray[]> = {
  plain: (f, xs) => f(xs),
  jit: (f, xs) => f(xs),
  checkpoint: (f, xs) => f(xs),
  scan: (f, xs) => halved(f, halved(f, xs)),
  while: (f, xs) => halved(f, halved(f, xs)),
  cond(f, xs) {
    const positive = xs.map(total).reduce(np.add).greater(0);
    return f(xs).map((y, k) => np.where(positive, y, xs[k]!));
  },
}; // prettier-ignore
const halved = (f: (xs: readonly NDArray[]) => readonly NDArray[], xs: readonly NDArray[]): NDArray[] =>
  f(xs).map((x) => x.mul(0.5));

const lane = (steps: readonly Step[]) => (x: NDArray) =>
  steps.reduce((v, step) => CONSTRUCTS[step.within]((w) => apply(named, step, w), v), x);
const lanes = (steps: readonly Step[]) => (x: NDArray) =>
  np.stack([...steps.reduce((v, step) => LISTED[step.within]((w) => apply(listed, step, w), v), rows(x))]);
const rows = (x: NDArray): readonly NDArray[] => range(x.shape[0]!).map((k) => x.take(k, 0));
const all = (f: (x: NDArray) => NDArray) => vmap(f, { axisName: 'i' });

const partial = fc
  .tuple(fc.shuffledSubarray(range(LANES)), fc.shuffledSubarray(range(LANES)))
  .map(([from, to]) => from.slice(0, to.length).map((k, i) => [k, to[i]!] as const));
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...(Object.keys(named) as Step['kind'][])),
  perm: partial,
  within: fc.constantFrom<Construct[]>('plain', 'jit', 'checkpoint', 'scan', 'while', 'cond'),
});
const programs = fc.array(step, { minLength: 1, maxLength: 4 });
// Distinct numbers: at a tie pmax shares its cotangent, np.maximum does so otherwise.
const matrix = fc
  .uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: LANES * LANES, maxLength: LANES * LANES })
  .map((values) => np.array(values.map((v) => v / 16), 'float64').reshape([LANES, LANES])); // prettier-ignore

function law(numRuns: number, check: (steps: readonly Step[], x: NDArray, v: NDArray) => string | null): void {
  fc.assert(
    fc.property(programs, matrix, matrix, (steps, x, v) => {
      expect(check(steps, x, v)).toBe(null);
    }),
    { numRuns },
  );
}

describe('collectives are what lanes do together', () => {
  test('values', () => law(40, (steps, x) => disagreement(all(lane(steps)), lanes(steps), [x])));
  test('under jit', () => law(20, (steps, x) => disagreement(jit(all(lane(steps))), lanes(steps), [x])));
  test('with another axis inside, forwards and backwards', () =>
    law(15, (steps, a, b) => {
      const each = all(vmap(lane(steps), { axisName: 'j' }));
      const apart = (x: NDArray): NDArray =>
        np.stack(
          [0, 1].map((j) => lanes(steps)(x.take(j, 1))),
          1,
        );
      const inside = all(grad((x: NDArray) => total(vmap(lane(steps), { axisName: 'j' })(x))));
      const x = np.stack([a, b], 1);
      return (
        disagreement(each, apart, [x]) ??
        disagreement(
          inside,
          grad((y: NDArray) => total(apart(y))),
          [x],
        )
      );
    }));
  test('jvp', () =>
    law(20, (steps, x, v) =>
      disagreement(
        (a, b) => jvp(all(lane(steps)), [a], [b])[1],
        (a, b) => jvp(lanes(steps), [a], [b])[1],
        [x, v],
      ),
    ));
  test('linearize inside of vmap', () =>
    law(20, (steps, x, v) =>
      disagreement(
        vmap((a: NDArray, b: NDArray) => linearize(lane(steps), [a])[1](b), { axisName: 'i' }),
        (a, b) => jvp(lanes(steps), [a], [b])[1],
        [x, v],
      ),
    ));
  test('vmap(vjp f) = vjp of all lanes', () =>
    law(15, (steps, x, v) =>
      disagreement(
        vmap((a: NDArray, b: NDArray) => vjp(lane(steps), [a])[1](b)[0], { axisName: 'i' }),
        (a, b) => vjp(lanes(steps), [a])[1](b)[0],
        [x, v],
      ),
    ));
  test('vmap(grad f) = grad of the sum of vmap(f) = that of all lanes', () =>
    law(10, (steps, x) => {
      const sum = (f: (a: NDArray) => NDArray) => (a: NDArray) => total(f(a));
      const inside = all(grad(sum(lane(steps))));
      const outside = grad(sum(all(lane(steps))));
      return disagreement(inside, outside, [x]) ?? disagreement(jit(inside), grad(sum(lanes(steps))), [x]);
    }));
  test('reverse over reverse', () =>
    law(8, (steps, x) => {
      const twice = (f: (a: NDArray) => NDArray) => (a: NDArray) => grad((b: NDArray) => total(grad((c: NDArray) => total(np.sin(f(c))))(b)))(a); // prettier-ignore
      return disagreement(all(twice(lane(steps))), twice(lanes(steps)), [x]);
    }));
});
