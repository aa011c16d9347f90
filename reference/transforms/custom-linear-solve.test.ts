import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disagreement } from '../../conformance/testing/agree.ts';
import { DifferentiationError } from '../core/errors.ts';
import { checkify, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, makeJaxpr, np, type NDArray, vjp, vmap } from '../index.ts'; // prettier-ignore
import { transforms } from './rules.ts';

type F = (a: NDArray, b: NDArray) => NDArray;

const at = (a: NDArray, i: number, j: number): NDArray => lax.reshape(lax.slice(a, [i, j], [i + 1, j + 1]), []);
/** The solution of a system of two equations by Cramer's rule: elementary operations, so that bounds are finite. */
const cramer: F = (a, b) => {
  const [p, q, r, s] = [at(a, 0, 0), at(a, 0, 1), at(a, 1, 0), at(a, 1, 1)];
  const [u, v] = [np.take(b, 0, 0), np.take(b, 1, 0)];
  const det = p.mul(s).sub(q.mul(r));
  return np.stack([s.mul(u).sub(q.mul(v)), p.mul(v).sub(r.mul(u))]).div(det);
};
const solve: F = (a, b) =>
  lax.customLinearSolve(
    (x: NDArray) => np.dot(a, x),
    b,
    (_, c) => cramer(a, c),
    {
      transposeSolve: (_, c) => cramer(a.T, c),
    },
  );
/** A symmetric system, whose solver is told the matrix by the map only. */
const symmetric: F = (a, b) => {
  const both = a.add(a.T);
  const columns = (f: (x: NDArray) => NDArray): NDArray => np.stack([f(np.array([1, 0])), f(np.array([0, 1]))], 1);
  return lax.customLinearSolve(
    (x: NDArray) => np.dot(both, x),
    b,
    (f, c) => cramer(columns(f), c),
    { symmetric: true },
  );
};

const component = fc.integer({ min: -16, max: 16 }).map((n) => n / 16);
/** Diagonally dominant: no determinant near zero. */
const matrix = fc.tuple(component, component, component, component).map(([p, q, r, s]) =>
  np.array([[3 + p, q], [r, -3 + s]])); // prettier-ignore
const vector = fc.tuple(component, component).map((xs) => np.array(xs));

const transformations: readonly [string, (f: F) => F][] = [
  ['the value', (f) => f],
  ['jvp in both', (f) => (a, b) => jvp(f, [a, b], [a.T, b.mul(2)])[1]],
  ['linearize', (f) => (a, b) => linearize(f, [a, b])[1](a.T, b)],
  ['grad in A', (f) => grad((a: NDArray, b: NDArray) => np.sin(f(a, b)).sum())],
  ['grad in b', (f) => grad((a: NDArray, b: NDArray) => np.sin(f(a, b)).sum(), { argnums: 1 })],
  ['jacrev of jacfwd', (f) => (a, b) => jacrev((v: NDArray) => jacfwd((m: NDArray) => f(m, v))(a))(b)],
  ['the Hessian in A', (f) => (a, b) => hessian((m: NDArray) => f(m, b).sum())(a)],
  ['vmap over b', (f) => (a, b) => vmap(f, [null, 0])(a, np.stack([b, b.mul(2)]))],
  ['vmap over A', (f) => (a, b) => vmap(f, [0, null])(np.stack([a, a.T]), b)],
  ['grad under vmap', (f) => (a, b) => vmap(grad((m: NDArray, v: NDArray) => f(m, v).sum()), [0, null])(np.stack([a, a.T]), b)],
  ['jit of grad of jit', (f) => jit(grad((a: NDArray, b: NDArray) => jit(f)(a, b).sum()))],
]; // prettier-ignore

describe.each<[string, F, F]>([
  ['an equation with a transpose', solve, cramer],
  ['a symmetric one', symmetric, (a, b) => cramer(a.add(a.T), b)],
])('%s is solved as by differentiable elimination', (_, implicit, direct) => {
  test.each(transformations)('%s', (_name, through) => {
    const [f, g] = [through(implicit), through(direct)];
    fc.assert(
      fc.property(matrix, vector, (a, b) => {
        expect(disagreement(f, g, [a, b])).toBeNull();
      }),
      { numRuns: 2 },
    );
  });
});

test('⟨Jv, w⟩ = ⟨v, Jᵀw⟩', () => {
  const left = (a: NDArray, b: NDArray): NDArray => np.dot(jvp((v: NDArray) => solve(a, v), [b], [b.mul(3)])[1], b);
  const right = (a: NDArray, b: NDArray): NDArray => np.dot(b.mul(3), vjp((v: NDArray) => solve(a, v), [b])[1](b)[0]);
  fc.assert(
    fc.property(matrix, vector, (a, b) => {
      expect(disagreement(left, right, [a, b])).toBeNull();
    }),
    { numRuns: 4 },
  );
});

describe('unknowns and results', () => {
  type P = { u: NDArray; v: [NDArray] };
  const scaled = (d: NDArray, b: P): P =>
    lax.customLinearSolve(
      ({ u, v }: P) => ({ u: u.mul(d), v: [v[0].mul(d).mul(d)] as [NDArray] }),
      b,
      (_, { u, v }) => ({ u: u.div(d), v: [v[0].div(d.mul(d))] as [NDArray] }),
      { symmetric: true },
    );
  const b = { u: np.array([2, 4]), v: [np.array(8)] as [NDArray] };

  test('are trees', () => {
    const x = scaled(np.array(2), b);
    expect([x.u.js(), x.v[0].js()]).toEqual([[1, 2], 2]);
    const total = (d: NDArray, c: P): NDArray => ((x: P) => x.u.sum().add(x.v[0]))(scaled(d, c));
    expect(grad(total)(2, b).item()).toBe(-(1 + 2) / 2 - (2 * 2) / 2);
    const [, back] = grad(total, { argnums: [0, 1] })(2, b);
    expect([back.u.js(), back.v[0].js()]).toEqual([[0.5, 0.5], 0.25]);
    expect(grad((u: NDArray) => total(np.array(2), { ...b, u }))(b.u).js()).toEqual([0.5, 0.5]);
  });

  const counted = (d: NDArray, c: NDArray): [NDArray, { steps: NDArray }] =>
    lax.customLinearSolve(
      (x: NDArray) => x.mul(d),
      c,
      (_, v) => [v.div(d), { steps: np.array(7n) }],
      {
        symmetric: true,
        hasAux: true,
      },
    ) as [NDArray, { steps: NDArray }];

  test('aux passes, without a derivative', () => {
    expect(counted(np.array(2), np.array(8))[1].steps.item()).toBe(7);
    const f = (d: NDArray): NDArray => ((r) => r[0].mul(r[1].steps.astype('float32')))(counted(d, np.array(8)));
    expect(grad(f)(2).item()).toBe(-14);
    expect(vmap(f)(np.array([2, 4])).js()).toEqual([28, 14]);
  });

  test('what nobody asks for is not computed', () => {
    const program = makeJaxpr((d: NDArray, c: NDArray) => counted(d, c))(2, 8);
    const { jaxpr, inputs } = transforms.dce(program, [true, false]);
    expect(inputs).toEqual([true, true]);
    const [solved] = jaxpr.equations;
    expect([solved!.outputs.length, solved!.params['num_consts']]).toEqual([1, 1]);
    expect(jaxpr.toString()).not.toContain('7');
  });

  test('constants that no program needs go', () => {
    const half = (d: NDArray, c: NDArray): readonly unknown[] =>
      lax.customLinearSolve(
        (x: NDArray) => x.mul(2),
        c,
        (_, v) => [v.div(2), d],
        { hasAux: true },
      );
    const { jaxpr, inputs } = transforms.dce(makeJaxpr(half)(3, 8), [true, false]);
    expect(inputs).toEqual([false, true]);
    expect(transforms.evaluate(jaxpr, [np.array(8)]).map((x) => x.item())).toEqual([4]);
  });
});

describe('refuses', () => {
  const [a, b] = [np.array([[3, 1], [0, 2]]), np.array([1, 2])]; // prettier-ignore
  const map = (x: NDArray): NDArray => np.dot(a, x);
  const direct = (_: unknown, c: NDArray): NDArray => cramer(a, c);
  const oneWay = (c: NDArray): NDArray => lax.customLinearSolve(map, c, direct);

  test('reverse mode without a transpose, not forward mode', () => {
    expect(jvp(oneWay, [b], [b])[1].js()).toEqual(cramer(a, b).js());
    expect(() => grad((c: NDArray) => oneWay(c).sum())(b)).toThrow(/give lax\.customLinearSolve \{ transposeSolve \}/);
    expect(() => grad((c: NDArray) => oneWay(c).sum())(b)).toThrow(DifferentiationError);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['integers', () => lax.customLinearSolve((x: NDArray) => x, np.array([1n, 2n]), (_, c) => c), /custom_linear_solve \(C2\): b must be of floats/],
    ['a matvec of another structure', () => lax.customLinearSolve((x: NDArray) => [x] as never, b, direct), /matvec: the result is \[\*\], the unknown \*/],
    ['a matvec of another shape', () => lax.customLinearSolve((x: NDArray) => x.sum(), b, direct), /matvec: the result is f32\[\], the unknown f32\[2\]/],
    ['a solver of another shape', () => lax.customLinearSolve(map, b, (_, c) => c.sum()), /solve: the result is f32\[\]/],
    ['a solver of the transpose of another dtype', () => lax.customLinearSolve(map, b, direct, { transposeSolve: (_, c) => c.astype('float16') }), /transposeSolve: the result is f16\[2\]/],
    ['an argument of matvec of another structure', () => lax.customLinearSolve(map, b, (f) => f([b] as never)), /matvec: expected the structure \*, got \[\*\]/],
    ['hasAux without aux', () => lax.customLinearSolve(map, b, direct, { hasAux: true }), /with hasAux the result is \[x, aux\]/],
    ['a flag that is neither true nor false', () => lax.customLinearSolve(map, b, direct, { symmetric: 1 as never }), /lax\.customLinearSolve: symmetric must be true or false, got 1/],
    ['a matvec that is not linear', () => lax.customLinearSolve((x: NDArray) => x.mul(x), b, direct, { transposeSolve: direct }), /not linear/],
    ['an unknown option', () => lax.customLinearSolve(map, b, direct, { transpose: direct } as never), /unknown option 'transpose'/],
    ['an async solver', () => lax.customLinearSolve(map, b, (async () => b) as never), /returned a Promise/],
  ])('%s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
});

test('checkify sees what the solver checks', () => {
  const f = (d: NDArray): NDArray =>
    lax.customLinearSolve((x: NDArray) => x.mul(d), np.array(1), (_, b) => {
      checkify.check(d.greater(0), '{} is not positive', d);
      return b.div(d);
    }, { symmetric: true }); // prettier-ignore
  const run = checkify.checkify(f);
  expect([run(2)[0].get(), run(2)[1].item()]).toEqual([null, 0.5]);
  expect(run(-2)[0].get()).toMatch(/^-2 is not positive/);
  expect(checkify.checkify(grad(f))(2)[1].item()).toBe(-0.25);
});

describe('customRoot', () => {
  const newton = (f: (x: NDArray) => NDArray, guess: NDArray): NDArray =>
    lax.foriLoop(0, 6, (_, x) => ((y) => x.sub(y[0].div(y[1])))(jvp(f, [x], [1])), guess);
  const scalar = (g: (x: NDArray) => NDArray, y: NDArray): NDArray => y.div(g(np.array(1)));
  const sqrt = (a: NDArray): NDArray => lax.customRoot((x: NDArray) => x.mul(x).sub(a), np.array(1), newton, scalar);

  test('has the derivatives of the root, of any order and under vmap', () => {
    expect([sqrt(np.array(4)), grad(sqrt)(4), grad(grad(sqrt))(4), jvp(sqrt, [4], [8])[1]].map((x) => x.item())).toEqual([2, 0.25, -0.03125, 2]); // prettier-ignore
    expect(vmap(grad(sqrt))(np.array([4, 1])).js()).toEqual([0.25, 0.5]);
    expect(jit(grad(sqrt))(4).item()).toBe(0.25);
    expect(grad((g: NDArray) => lax.customRoot((x: NDArray) => x.mul(x).sub(4), g, newton, scalar))(1).item()).toBe(0);
  });

  test('of a system, by any solver of linear equations', () => {
    const root = (b: NDArray): NDArray =>
      lax.customRoot((x: NDArray) => np.dot(np.array([[2, 1], [1, 3]]), x).sub(b), np.zeros([2]), // prettier-ignore
        (f, guess) => cramer(jacfwd(f)(guess), f(guess).neg()), (g, y) => cramer(jacfwd(g)(y), y)); // prettier-ignore
    const b = np.array([3, 4]);
    expect(root(b).js()).toEqual([1, 1]);
    expect(disagreement(jacrev(root), () => jacrev((c: NDArray) => cramer(np.array([[2, 1], [1, 3]]), c))(b), [b])).toBeNull(); // prettier-ignore
  });

  test('passes aux, and refuses what is unlike the guess', () => {
    const f = (a: NDArray): [NDArray, NDArray] =>
      lax.customRoot((x: NDArray) => x.sub(a), np.array(0), (_, g) => [g.add(a), np.array(5n)], scalar, { hasAux: true }) as never; // prettier-ignore
    expect(f(np.array(3)).map((x) => x.item())).toEqual([3, 5]);
    expect(grad((a: NDArray) => f(a)[0].mul(f(a)[1].astype('float32')))(3).item()).toBe(5);
    const x = np.array(1);
    for (const [run, message] of [
      [
        () =>
          lax.customRoot(
            (v: NDArray) => [v] as never,
            x,
            (_, g) => g,
            scalar,
          ),
        /f: the result is \[\*\], the unknown \*/,
      ],
      [
        () =>
          lax.customRoot(
            (v: NDArray) => v,
            x,
            (_, g) => np.stack([g, g]),
            scalar,
          ),
        /solve: the result is f32\[2\]/,
      ],
      [
        () =>
          lax.customRoot(
            (v: NDArray) => v,
            x,
            (_, g) => g,
            (_, y) => [y],
          ),
        /tangentSolve: the result is \[\*\]/,
      ],
      [
        () =>
          lax.customRoot(
            (v: NDArray) => v,
            x,
            (_, g) => g,
            scalar,
            { aux: true } as never,
          ),
        /unknown option 'aux'/,
      ],
    ] as const)
      // prettier-ignore
      expect(run).toThrow(message);
  });
});
