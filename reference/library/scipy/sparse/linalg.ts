/**
 * `scipy.sparse.linalg`: systems of equations whose matrix is known by its products only, on `lax.customLinearSolve`.
 * Not normative. Sources: Hestenes and Stiefel 1952 (cg), van der Vorst 1992 (bicgstab).
 */
import { isComplex } from '../../../core/dtypes.ts';
import { ArgumentError, checkOptions, refuseExtra, ShapeError, TreeError } from '../../../core/errors.ts';
import { sameAval, showAval, sizeOf } from '../../../core/host.ts';
import { NDArray } from '../../../core/ndarray.ts';
import { flattenLike, structure, type TreeDef, unflatten } from '../../../core/tree.ts';
import * as lax from '../../../lax.ts';
import {
  type AnyFunction,
  type Arrays,
  flattenArguments,
  flattenResult,
  type Loose,
  type Tree,
} from '../../../transforms/call.ts';
import { customLinearSolve } from '../../../transforms/custom-linear-solve.ts';
import { whileLoop } from '../../../transforms/loops.ts';
import { where } from '../../numpy/elementwise.ts';
import { dot } from '../../numpy/products.ts';

/** A square matrix, or a function that multiplies a tree like b by one. */
export type LinearOperator<B> = NDArray | ((x: Arrays<B>) => Loose<Arrays<B>>);

export interface SolverOptions<B> {
  /** Where to begin. Default zeros. */
  readonly x0?: B;
  /** The loop ends at ‖b − A·x‖ ≤ max(tol·‖b‖, atol). Default 1e-5. */
  readonly tol?: number;
  /** Default 0. */
  readonly atol?: number;
  /** The loop ends after so many steps. Default: ten times the number of unknowns. */
  readonly maxiter?: number;
  /** A preconditioner: roughly the inverse of A. */
  readonly M?: LinearOperator<B>;
}

/** The leaves of a tree like b. */
type Vector = readonly NDArray[];
type Product = (x: Vector) => Vector;

/** What a method needs besides A and b. */
interface Setting {
  readonly x0: Vector;
  readonly M: Product;
  /** The square of the allowed ‖b − A·x‖. */
  readonly limit: NDArray;
  readonly maxiter: number;
}

type Method = (a: Product, b: Vector, setting: Setting) => Vector;

/** x + c·y */
const plus = (x: Vector, c: NDArray, y: Vector): Vector =>
  x.map((a, i) => lax.add(a, y[i]!.mul(c.astype(y[i]!.dtype))));
const minus = (x: Vector, y: Vector): Vector => x.map((a, i) => lax.sub(a, y[i]!));
/** ⟨x, y⟩ = Σ x̄·y */
const inner = (x: Vector, y: Vector): NDArray =>
  x.map((a, i) => lax.mul(isComplex(a.dtype) ? lax.conj(a) : a, y[i]!).sum()).reduce((total, part) => total.add(part));
const real = (x: NDArray): NDArray => (isComplex(x.dtype) ? lax.real(x) : x);
const squared = (x: Vector): NDArray => real(inner(x, x));
const isZero = (x: NDArray): NDArray => lax.eq(x, lax.zerosLike(x));

/** A square matrix as a function. */
function operator(a: unknown, name: string): AnyFunction {
  if (typeof a === 'function') return (x) => called(a as AnyFunction, x, name);
  if (!(a instanceof NDArray)) throw new ArgumentError(`${name} must be an array or a function`);
  if (a.ndim !== 2 || a.shape[0] !== a.shape[1]) {
    throw new ShapeError(`${name} must be a square matrix, got ${showAval(a.aval)}`);
  }
  return (x: unknown) => {
    if (x instanceof NDArray) return dot(a, x);
    throw new TreeError(`${name} is a matrix, so b must be an array, got a tree; pass a function of such trees`);
  };
}

/** The user's function, whose result must be a tree of arrays. */
function called(f: AnyFunction, x: unknown, name: string): unknown {
  const [arrays, tree] = flattenResult(f(x), name);
  return unflatten(tree, arrays);
}

const onLeaves =
  (f: AnyFunction, tree: TreeDef, name: string): Product =>
  (x) =>
    flattenLike(f(unflatten(tree, x)), tree, name) as NDArray[];

/** The leaves of x0. @throws TreeError, ShapeError if it is unlike b */
function beginning(x0: unknown, b: Vector, tree: TreeDef, name: string): Vector {
  if (x0 === undefined) return b.map((x) => lax.zerosLike(x));
  const { arrays } = flattenArguments(flattenLike(x0, tree, name), name);
  const other = arrays.findIndex((x, i) => !sameAval(x.aval, b[i]!.aval));
  if (other < 0) return arrays;
  const types = [arrays, b].map((x) => showAval(x[other]!.aval));
  throw new ShapeError(`${name}${tree.paths()[other]} is ${types[0]}, and b ${types[1]}`);
}

/** A method as a function of what users give. It solves the transposed equation just so, which derivatives need. */
function solver(name: string, method: Method, hermitian: boolean) {
  return <B>(A: LinearOperator<B>, b: B, options: SolverOptions<B> = {}, ...more: []): [x: Arrays<B>, info: null] => {
    refuseExtra(more, name);
    checkOptions(options, ['x0', 'tol', 'atol', 'maxiter', 'M'], name);
    const tree = structure(b);
    const right = flattenArguments([b], `${name}: b`).arrays;
    const { tol = 1e-5, atol = 0, maxiter = 10 * right.reduce((n, x) => n + sizeOf(x.shape), 0) } = options;
    const x0 = beginning(options.x0, right, tree, `${name}: x0`);
    const M = options.M === undefined ? (x: Vector) => x : onLeaves(operator(options.M, `${name}: M`), tree, `${name}: M`); // prettier-ignore
    const solve = (a: AnyFunction, c: Tree): unknown => {
      const vector = flattenLike(c, tree, name) as NDArray[];
      const size = squared(vector);
      const limit = lax.max(size.mul(tol ** 2), lax.full([], atol ** 2, size.dtype));
      return unflatten(tree, method(onLeaves(a, tree, name), vector, { x0, M, limit, maxiter }));
    };
    const symmetric = hermitian && right.every((x) => !isComplex(x.dtype));
    const product: (x: Tree) => Tree = operator(A, `${name}: A`);
    const x: unknown = customLinearSolve(product, unflatten(tree, right), solve, { transposeSolve: solve, symmetric });
    return [x as Arrays<B>, null];
  };
}

interface Conjugate {
  readonly x: Vector;
  readonly r: Vector;
  readonly p: Vector;
  /** ⟨r, M·r⟩ */
  readonly gamma: NDArray;
  readonly k: NDArray;
}

function conjugateGradients(a: Product, b: Vector, { x0, M, limit, maxiter }: Setting): Vector {
  const r = minus(b, a(x0));
  const z = M(r);
  const start = { x: x0, r, p: z, gamma: real(inner(r, z)), k: lax.full([], 0, 'int32') };
  const step = ({ x, r: before, p, gamma, k }: Conjugate): Conjugate => {
    const ap = a(p);
    const alpha = lax.div(gamma, real(inner(p, ap)));
    const after = plus(before, lax.neg(alpha), ap);
    const corrected = M(after);
    const size = real(inner(after, corrected));
    const direction = plus(corrected, lax.div(size, gamma), p);
    return { x: plus(x, alpha, p), r: after, p: direction, gamma: size, k: lax.add(k, 1) };
  };
  return whileLoop<Conjugate>(
    ({ r: residual, k }) => lax.bitwiseAnd(lax.gt(squared(residual), limit), lax.lt(k, maxiter)),
    step,
    start,
  ).x;
}

interface Biconjugate {
  readonly x: Vector;
  readonly r: Vector;
  readonly p: Vector;
  readonly v: Vector;
  readonly rho: NDArray;
  readonly alpha: NDArray;
  readonly omega: NDArray;
  /** Steps so far; negative once a divisor was zero. */
  readonly k: NDArray;
}

function biconjugateGradients(a: Product, b: Vector, { x0, M, limit, maxiter }: Setting): Vector {
  const shadow = minus(b, a(x0));
  const one = lax.full([], 1, inner(shadow, shadow).dtype);
  const none = shadow.map((x) => lax.zerosLike(x));
  const either = (p: NDArray, x: Vector, y: Vector): Vector => x.map((u, i) => where(p, u, y[i]!));
  const start = { x: x0, r: shadow, p: none, v: none, rho: one, alpha: one, omega: one, k: lax.full([], 0, 'int32') };
  const step = (old: Biconjugate): Biconjugate => {
    const rho = inner(shadow, old.r);
    const beta = rho.div(old.rho).mul(old.alpha.div(old.omega));
    const p = plus(old.r, beta, plus(old.p, lax.neg(old.omega), old.v));
    const ahead = M(p);
    const v = a(ahead);
    const alpha = rho.div(inner(shadow, v));
    const s = plus(old.r, lax.neg(alpha), v);
    const half = plus(old.x, alpha, ahead);
    const corrected = M(s);
    const t = a(corrected);
    const omega = inner(t, s).div(inner(t, t));
    const done = lax.le(squared(s), limit);
    const broken = lax.bitwiseAnd(lax.bitwiseNot(done), lax.bitwiseOr(isZero(rho), isZero(omega)));
    const x = either(done, half, plus(half, omega, corrected));
    const r = either(done, s, plus(s, lax.neg(omega), t));
    return { x, r, p, v, rho, alpha, omega, k: where(broken, -1, lax.add(old.k, 1)) };
  };
  const goesOn = ({ r, k }: Biconjugate): NDArray => {
    const within = lax.bitwiseAnd(lax.ge(k, 0), lax.lt(k, maxiter));
    return lax.bitwiseAnd(lax.gt(squared(r), limit), within);
  };
  return whileLoop<Biconjugate>(goesOn, step, start).x;
}

/**
 * The solution x of A·x = b for Hermitian positive definite A, by conjugate gradients; `info` is null, as JAX's is.
 * b is an array, or a tree that A, as a function, maps to one like it. Derivatives with respect to b and to what A holds
 * solve an equation with A again.
 *
 * @example
 * const [x] = scipy.sparse.linalg.cg((v) => v.mul(2), np.array([2, 4])); // [1, 2]
 * @throws ShapeError, TreeError if A gives, or x0 is, something unlike b
 */
export const cg: <B>(A: LinearOperator<B>, b: B, options?: SolverOptions<B>) => [x: Arrays<B>, info: null] = solver(
  'scipy.sparse.linalg.cg',
  conjugateGradients,
  true,
);

/**
 * The solution x of A·x = b for any invertible A, by stabilised biconjugate gradients; `info` is null, as JAX's is.
 * As `cg` otherwise.
 *
 * @example
 * const [x] = scipy.sparse.linalg.bicgstab(np.array([[2, 1], [0, 3]]), np.array([3, 3])); // [1, 1]
 * @throws ShapeError, TreeError if A gives, or x0 is, something unlike b
 */
export const bicgstab: <B>(A: LinearOperator<B>, b: B, options?: SolverOptions<B>) => [x: Arrays<B>, info: null] =
  solver('scipy.sparse.linalg.bicgstab', biconjugateGradients, false);
