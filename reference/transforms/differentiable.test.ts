import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, hessian, jacfwd, jacrev, np, type NDArray, valueAndGrad } from '../index.ts';
import { disagreement } from '../../conformance/testing/agree.ts';
import { DifferentiationError } from '../core/errors.ts';

const complex = (values: readonly (readonly number[])[]): NDArray =>
  np.array(
    values.map(([re, im]) => ({ re: re!, im: im! })),
    { dtype: 'complex128' },
  );
const part = fc.double({ min: -2, max: 2, noNaN: true });
const vectors = fc.array(fc.tuple(part, part), { minLength: 3, maxLength: 3 }).map(complex);

/** Holomorphic functions with their derivatives. */
const FUNCTIONS: Readonly<Record<string, readonly [(z: NDArray) => NDArray, (z: NDArray) => NDArray]>> = {
  cube: [(z) => z.mul(z).mul(z), (z) => z.mul(z).mul(3)],
  sin: [np.sin, np.cos],
  exp: [(z) => np.exp(z.mul(2)), (z) => np.exp(z.mul(2)).mul(2)],
};

describe('holomorphic functions', () => {
  test.each(Object.entries(FUNCTIONS))('the derivative of %s is a complex number, in every mode', (_, [f, slope]) => {
    fc.assert(
      fc.property(vectors, (z) => {
        const gradient = grad((x: NDArray) => f(x).sum(), { holomorphic: true });
        expect(disagreement(gradient, slope, [z])).toBe(null);
        for (const jacobian of [jacfwd, jacrev]) {
          const diagonal = (x: NDArray): NDArray => np.diagonal(jacobian(f, { holomorphic: true })(x));
          expect(disagreement(diagonal, slope, [z])).toBe(null);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('second derivatives', () => {
    fc.assert(
      fc.property(vectors, (z) => {
        const second = hessian((x: NDArray) => x.mul(x).mul(x).sum(), { holomorphic: true });
        expect(
          disagreement(
            (x: NDArray) => np.diagonal(second(x)),
            (x: NDArray) => x.mul(6),
            [z],
          ),
        ).toBe(null);
      }),
      { numRuns: 20 },
    );
  });
});

describe('complex numbers without a complex derivative', () => {
  const z = np.array({ re: 1, im: 2 }, { dtype: 'complex64' });
  const refused = (f: () => unknown, fix: RegExp): void => {
    expect(f).toThrow(DifferentiationError);
    expect(f).toThrow(fix);
  };

  test('a complex result needs holomorphic', () => {
    refused(() => grad((x: NDArray) => x.mul(x))(z), /holomorphic: true/);
    refused(() => valueAndGrad((x: NDArray) => x.mul(x))(z), /holomorphic: true/);
    refused(() => jacrev((x: NDArray) => x.mul(x))(z), /holomorphic: true/);
  });
  test('forward mode needs it for a complex argument', () =>
    refused(() => jacfwd((x: NDArray) => np.real(x))(z), /holomorphic: true.*jvp/));
  test('holomorphic is refused for real arguments and real results', () => {
    refused(() => grad((x: NDArray) => x, { holomorphic: true })(1), /leave it out/);
    refused(() => grad((x: NDArray) => np.real(x), { holomorphic: true })(z), /leave it out/);
    refused(() => jacfwd((x: NDArray) => np.real(x), { holomorphic: true })(z), /leave it out/);
  });
  test('a real function of a complex argument has ∂u/∂x − i·∂u/∂y', () =>
    expect(grad((x: NDArray) => np.square(np.abs(x)))(z).js()).toEqual({ re: 2, im: -4 }));
  test('a complex function of a real argument has columns', () =>
    expect(jacfwd((x: NDArray) => x.mul(z))(3).js()).toEqual({ re: 1, im: 2 }));
});
