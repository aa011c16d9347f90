import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import '../index.ts';
import { disagreement } from '../../conformance/testing/agree.ts';
import { smallVectors, smoothFunction, type SmoothProgram, smoothPrograms } from '../../conformance/testing/smooth.ts';
import { fromNested } from '../core/convert.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { vmap } from './batching.ts';
import type { AnyFunction } from './call.ts';
import { grad, jvp, linearize, valueAndGrad, vjp } from './grad.ts';
import { checkpoint } from './checkpoint.ts';
import { hessian, jacfwd, jacrev } from './jacobian.ts';
import { jit } from './jit.ts';

const N = 3;
const array = (values: unknown): NDArray => fromNested(values as number[], 'float64', 'test');
const sum = (x: NDArray): NDArray =>
  lax.reduceSum(
    x,
    x.shape.map((_, d) => d),
  );
const inner = (x: NDArray, y: NDArray): NDArray => sum(lax.mul(x, y));

/** Checks that two constructions over a random smooth function are one function. */
function same(
  construct: (f: (x: NDArray) => NDArray) => readonly [AnyFunction, AnyFunction],
  inputs: readonly fc.Arbitrary<unknown>[],
  numRuns: number,
): void {
  fc.assert(
    fc.property(smoothPrograms(fc), fc.tuple(...inputs), (program: SmoothProgram, values) => {
      const [a, b] = construct(smoothFunction(program));
      expect(disagreement(a, b, values.map(array))).toBe(null);
    }),
    { numRuns },
  );
}

const vector = smallVectors(fc, N);
const matrix = fc.array(vector, { minLength: 2, maxLength: 4 });
const RUNS = 60;

/** `f` on each row, without vmap. */
const rowByRow =
  (f: (x: NDArray) => NDArray) =>
  (rows: NDArray): NDArray => {
    const { shape } = rows;
    const results = Array.from({ length: shape[0]! }, (_, i) =>
      f(lax.reshape(lax.slice(rows, [i, 0], [i + 1, shape[1]!]), [shape[1]!])),
    );
    return lax.concatenate(
      results.map((y) => lax.reshape(y, [1, ...y.shape])),
      0,
    );
  };

describe('laws of transformations on random smooth programs', () => {
  test('jit(f) = f', () => same((f) => [jit(f), f], [vector], RUNS));
  test('vmap(f) = f on each row', () => same((f) => [vmap(f), rowByRow(f)], [matrix], RUNS));
  test('jit(grad f) = grad f = grad(jit f)', () => {
    same((f) => [jit(grad((x: NDArray) => sum(f(x)))), grad((x: NDArray) => sum(f(x)))], [vector], RUNS);
    same((f) => [grad(jit((x: NDArray) => sum(f(x)))), grad((x: NDArray) => sum(f(x)))], [vector], RUNS);
  });
  test('vmap(grad f) = grad f on each row', () =>
    same((f) => [vmap(grad((x: NDArray) => sum(f(x)))), rowByRow(grad((x: NDArray) => sum(f(x))))], [matrix], RUNS));
  test('grad of the sum of vmap(f) = vmap(grad f)', () =>
    same((f) => [grad((rows: NDArray) => sum(vmap(f)(rows))), vmap(grad((x: NDArray) => sum(f(x))))], [matrix], RUNS));
  test('⟨J v, w⟩ = ⟨v, Jᵀ w⟩', () =>
    same(
      (f) => [
        (x: NDArray, v: NDArray, w: NDArray) => inner(jvp(f, [x], [v])[1], w),
        (x: NDArray, v: NDArray, w: NDArray) => inner(v, vjp(f, [x])[1](w)[0]),
      ],
      [vector, vector, vector],
      RUNS,
    ));
  test('linearize(f)(v) = jvp(f)(v)', () =>
    same(
      (f) => [(x: NDArray, v: NDArray) => linearize(f, [x])[1](v), (x: NDArray, v: NDArray) => jvp(f, [x], [v])[1]],
      [vector, vector],
      RUNS,
    ));
  test('the Hessian is symmetric, forward over reverse as reverse over forward', () => {
    const along = (f: (x: NDArray) => NDArray) => (x: NDArray, v: NDArray) =>
      jvp(
        grad((y: NDArray) => sum(f(y))),
        [x],
        [v],
      )[1];
    const across = (f: (x: NDArray) => NDArray) => (x: NDArray, v: NDArray) =>
      grad((y: NDArray) => sum(jvp(f, [y], [v])[1]))(x);
    same((f) => [along(f), across(f)], [vector, vector], 30);
  });
  test('jacfwd(f) = jacrev(f) = jvp along each axis', () => {
    const columns = (f: (x: NDArray) => NDArray) => (x: NDArray) =>
      lax.concatenate(
        Array.from({ length: N }, (_, i) => {
          const axis = array(Array.from({ length: N }, (_v, k) => Number(k === i)));
          return lax.reshape(jvp(f, [x], [axis])[1], [N, 1]);
        }),
        1,
      );
    same((f) => [jacfwd(f), columns(f)], [vector], 30);
    same((f) => [jacrev(f), columns(f)], [vector], 30);
  });
  test('checkpoint(f) = f, and so do the derivatives, to any order', () => {
    const first = (f: (x: NDArray) => NDArray): AnyFunction => grad((x: NDArray) => sum(f(x)));
    const second = (f: (x: NDArray) => NDArray): AnyFunction => hessian((x: NDArray) => sum(f(x)));
    same((f) => [checkpoint(f), f], [vector], 30);
    same((f) => [first(checkpoint(f)), first(f)], [vector], 30);
    same((f) => [second(checkpoint(f)), second(f)], [vector], 15);
  });
  test('the value of valueAndGrad is the value', () =>
    same(
      (f) => [(x: NDArray) => valueAndGrad((y: NDArray) => sum(f(y)))(x)[0], (x: NDArray) => sum(f(x))],
      [vector],
      30,
    ));
});
