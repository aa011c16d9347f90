import { describe, expect, test } from 'vitest';
import '../index.ts';
import { fromNested } from '../core/convert.ts';
import { isComplex } from '../core/dtypes.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { grad, jvp } from '../transforms/grad.ts';
import { adjoint, product } from './linalg-rules.ts';
import { realOf, scaledColumns } from './spectral-rules.ts';
import { eigh } from './eigh.ts';

const array = (values: unknown): NDArray => fromNested(values as number[], 'float64', 'test');
const sum = (x: NDArray): NDArray => lax.reduceSum(x, x.shape.map((_, d) => d)); // prettier-ignore
const total = (...xs: readonly NDArray[]): NDArray => xs.map(sum).reduce((a, b) => lax.add(a, b));

let seed = 7;
const draw = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
const numbersOf = (m: number, n: number): NDArray => array(Array.from({ length: m }, () => Array.from({ length: n }, draw))); // prettier-ignore

/**
 * d/dt f(t) at 0 from central differences with steps 2⁻⁴ … 2⁻⁸ and Romberg's scheme; its error from the last two
 * diagonals, and from roundings of the values (a thousand of them at most) over the smallest step.
 */
function slope(f: (t: number) => number): { readonly value: number; readonly error: number } {
  const steps = [4, 5, 6, 7, 8].map((k) => 2 ** -k);
  let row = steps.map((h) => (f(h) - f(-h)) / (2 * h));
  let previous = NaN;
  for (let order = 1; order < steps.length; order++) {
    previous = row.at(-1)!;
    row = row.slice(1).map((d, k) => d + (d - row[k]!) / (4 ** order - 1));
  }
  const rounding = (1000 * 2 ** -53 * (1 + Math.abs(f(0)))) / steps.at(-1)!;
  return { value: row[0]!, error: 16 * Math.abs(row[0]! - previous) + rounding };
}

/** First and second derivatives of a real function of two real matrices (parts of a complex one), along a direction. */
function check(f: (x: NDArray, y: NDArray) => NDArray, m: number, n: number): void {
  const [x0, y0, dx, dy, wx, wy] = [0, 1, 2, 3, 4, 5].map(() => numbersOf(m, n)) as [NDArray, NDArray, NDArray, NDArray, NDArray, NDArray]; // prettier-ignore
  const at = (t: number): [NDArray, NDArray] => [lax.add(x0, lax.mul(dx, t)), lax.add(y0, lax.mul(dy, t))];
  const first = slope((t) => f(...at(t)).item() as number);
  const along = (...p: [NDArray, NDArray]): NDArray => jvp(f, p, [wx, wy])[1];
  const second = slope((t) => along(...at(t)).item() as number);
  const gradient = grad((p: readonly [NDArray, NDArray]) => f(p[0], p[1]));
  const [gx, gy] = gradient([x0, y0]);
  const backward = total(lax.mul(gx, dx), lax.mul(gy, dy)).item() as number;
  const forward = jvp(f, [x0, y0], [dx, dy])[1].item() as number;
  const inner = (...p: [NDArray, NDArray]): NDArray => {
    const [a, b] = gradient(p);
    return total(lax.mul(a, wx), lax.mul(b, wy));
  };
  const twice = jvp(inner, [x0, y0], [dx, dy])[1].item() as number;
  for (const value of [forward, backward]) expect(Math.abs(value - first.value)).toBeLessThanOrEqual(first.error);
  expect(Math.abs(twice - second.value)).toBeLessThanOrEqual(second.error);
  expect(first.error + second.error).toBeLessThan(1e-3); // the quotients do say something
}

const weights = [numbersOf(7, 7), numbersOf(7, 7)] as const;
const sameInColumns = weights.map((w) => lax.broadcastInDim(lax.slice(w, [0, 0], [7, 1]), [7, 7], [0, 1]));
/** A functional that sees every part of every element, but the order of columns only if it shall. */
function weighted(z: NDArray, isOrdered: boolean = true): NDArray {
  const [p, q] = (isOrdered ? weights : sameInColumns).map((w) => lax.slice(w, [0, 0], z.shape));
  if (!isComplex(z.dtype)) return sum(lax.mul(p!, z));
  return total(lax.mul(p!, lax.real(z)), lax.mul(q!, lax.imag(z)));
}

const fields: readonly (readonly [string, (x: NDArray, y: NDArray) => NDArray])[] = [
  ['real', (x) => x],
  ...(eigh.dtypes.includes('complex128') ? [['complex', lax.complex] as const] : []),
];

describe.each(fields)('of %s matrices', (_, made) => {
  const sine = (v: NDArray, w: NDArray, u: NDArray = v): NDArray => product(lax, scaledColumns(lax, v, lax.sin(w)), adjoint(lax, u)); // prettier-ignore

  test.each([true, false])('eigh: functions of the matrix, lower triangle %s', (lower) => {
    check((x, y) => {
      const [v, w] = lax.linalg.eigh(made(x, y), { lower, symmetrizeInput: false });
      return lax.add(weighted(sine(v, w)), sum(lax.mul(w, lax.mul(w, w))));
    }, 4, 4); // prettier-ignore
  });

  test('eigh: the projector on some eigenvectors', () => {
    check((x, y) => {
      const [v] = lax.linalg.eigh(made(x, y));
      const some = lax.slice(v, [0, 0], [4, 2]);
      return weighted(product(lax, some, adjoint(lax, some)));
    }, 4, 4); // prettier-ignore
  });

  test.each([
    [3, 3, false],
    [5, 3, false],
    [3, 5, false],
    [5, 3, true],
    [3, 5, true],
  ])('svd of %d × %d, full: %s', (m, n, fullMatrices) => {
    check((x, y) => {
      const [u, s, vh] = lax.linalg.svd(made(x, y), { fullMatrices });
      const v = adjoint(lax, vh);
      const k = Math.min(m, n);
      const part = (z: NDArray, from: number, to: number): NDArray => lax.slice(z, [0, from], [z.shape[0]!, to]);
      const parts = [part(u, 0, k), part(v, 0, k)] as const;
      const rest = [u, v].map((z) => part(z, k, z.shape[1]!)).filter((z) => z.shape[1]! > 0);
      const functions = [sine(parts[0], s, parts[1]), sine(parts[0], s), sine(parts[1], s)];
      return functions.concat(rest.map((z) => product(lax, z, adjoint(lax, z)))).map((z) => weighted(z)).reduce((a, b) => lax.add(a, b)); // prettier-ignore
    }, m, n); // prettier-ignore
  });

  test('svd: singular values alone', () => {
    check((x, y) => weighted(lax.reshape(lax.sin(lax.linalg.svd(made(x, y), { computeUv: false })), [1, 3])), 4, 3);
  });
});

/** Eigenvalues that are far apart, so that each vector keeps its largest element. */
const apart = array([
  [4, 0, 0, 0],
  [0, 8, 0, 0],
  [0, 0, -4, 0],
  [0, 0, 0, -8],
]);

// The rules of eig compute with complex numbers, whatever the matrix holds.
describe.runIf(fields.length > 1).each(fields)('of %s matrices', (_, made) => {
  test('eig: vectors of length 1 whose largest element is real, and values', () => {
    check((x, y) => {
      const [w, left, right] = lax.linalg.eig(made(lax.add(x, apart), y)) as [NDArray, NDArray, NDArray];
      return [left, right, lax.reshape(w, [1, 4])].map((z) => weighted(lax.mul(z, z), false)).reduce((a, b) => lax.add(a, b));
    }, 4, 4); // prettier-ignore
  });

  test('eig: values alone', () => {
    const options = { computeLeftEigenvectors: false, computeRightEigenvectors: false };
    const squared = (w: NDArray): NDArray => lax.reshape(lax.mul(w, w), [1, 4]);
    check((x, y) => weighted(squared(lax.linalg.eig(made(x, y), options)[0]!), false), 4, 4);
  });
});

test('equal eigenvalues turn nothing: projectors, and sums over them, have derivatives', () => {
  const a = array([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 3],
  ]);
  const da = array([
    [0, 1, 2],
    [1, 0, 0],
    [2, 0, 0],
  ]);
  const projector = (x: NDArray): NDArray => {
    const v = lax.slice(lax.linalg.eigh(x)[0], [0, 0], [3, 2]);
    return product(lax, v, lax.transpose(v, [1, 0]));
  };
  // P = Σ over the double eigenvalue 1; its derivative is (P·Ȧ·(1 − P) + (1 − P)·Ȧ·P)/(1 − 3).
  expect(jvp(projector, [a], [da])[1].dataSync()).toEqual(Float64Array.of(0, 0, -1, 0, 0, 0, -1, 0, 0));
  const trace = (x: NDArray): NDArray => sum(realOf(lax, lax.linalg.eigh(x)[1]));
  expect(grad(trace)(a).dataSync()).toEqual(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
});
