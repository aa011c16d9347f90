/** Derivatives of orthogonal factors (spec/primitives/linalg.md#qr). */
import { isComplex } from '../core/dtypes.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Tangent } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { range } from './axes.ts';
import {
  adjoint,
  batchOf,
  block,
  columns,
  conjugate,
  identity,
  joined,
  lower,
  onDiagonal,
  product,
  realPart,
  rows,
  rowsAt,
  upper,
} from './linalg-rules.ts';

/**
 * Of A = Q·R with at least as many rows as columns: with F = Qᴴ·Ȧ·R⁻¹ and Ω, whose part below the diagonal is F's and
 * which is skew-Hermitian, Q̇ = Q·(Ω − F) + Ȧ·R⁻¹ and Ṙ = (F − Ω)·R (Townsend, Differentiating the QR decomposition).
 */
function thinTangents(lax: Lax, q: NDArray, r: NDArray, da: NDArray): [dq: NDArray, dr: NDArray] {
  const solved = lax.linalg.triangularSolve(r, da);
  const f = product(lax, adjoint(lax, q), solved);
  const below = lower(lax, f, -1);
  const skew = lax.sub(below, adjoint(lax, below));
  // The diagonal of R is real: the imaginary part of F's turns Q.
  const omega = isComplex(f.dtype) ? lax.add(skew, onDiagonal(lax, lax.sub(f, realPart(lax, f)))) : skew;
  const dq = lax.add(product(lax, q, lax.sub(omega, f)), solved);
  return [dq, product(lax, lax.sub(f, omega), r)];
}

/** The columns of Q beyond those of A, which Householder's reflections give (arXiv 2409.13374, equations 32 and 33). */
function restTangent(lax: Lax, q: NDArray, dq: NDArray, n: number): NDArray {
  const m = rows(q);
  const [thin, rest] = [block(lax, q, [0, m], [0, n]), block(lax, q, [0, m], [n, m])];
  const [top, bottom] = [block(lax, q, [0, n], [0, n]), block(lax, q, [n, m], [0, n])];
  const [dTop, dBottom] = [block(lax, dq, [0, n], [0, n]), block(lax, dq, [n, m], [0, n])];
  // Zᴴ of Z·(Q₁ − I) = Q₂.
  const [lu, , order] = lax.linalg.lu(adjoint(lax, lax.sub(top, identity(lax, q, n))));
  const right = rowsAt(lax, adjoint(lax, bottom), order);
  const half = lax.linalg.triangularSolve(lu, right, { leftSide: true, lower: true, unitDiagonal: true });
  const zh = lax.linalg.triangularSolve(lu, half, { leftSide: true });
  const z = adjoint(lax, zh);
  const moved = adjoint(lax, lax.sub(dBottom, product(lax, z, dTop)));
  return lax.sub(product(lax, dq, zh), product(lax, lax.add(thin, product(lax, rest, z)), moved));
}

export function qrTangents(
  lax: Lax,
  a: NDArray,
  q: NDArray,
  r: NDArray,
  da: NDArray,
  full: boolean,
): [NDArray, NDArray] {
  const [m, n] = [rows(a), columns(a)];
  if (m < n) {
    // The square part on the left decides Q; of the rest R = Qᴴ·A.
    const [dq, left] = thinTangents(lax, q, block(lax, r, [0, m], [0, m]), block(lax, da, [0, m], [0, m]));
    const [rest, dRest] = [block(lax, a, [0, m], [m, n]), block(lax, da, [0, m], [m, n])];
    const right = lax.add(product(lax, adjoint(lax, dq), rest), product(lax, adjoint(lax, q), dRest));
    return [dq, joined(lax, [left, right], -1)];
  }
  if (!full || m === n) return thinTangents(lax, q, r, da);
  const [dq, dr] = thinTangents(lax, block(lax, q, [0, m], [0, n]), block(lax, r, [0, n], [0, n]), da);
  const below = lax.zerosLike(block(lax, r, [n, m], [0, n]));
  return [joined(lax, [dq, restTangent(lax, q, dq, n)], -1), joined(lax, [dr, below], -2)];
}

// ---- reflections one by one

/** H·C with H = I − τ·v·vᴴ, and its tangent. */
function reflect(
  lax: Lax,
  [c, dc]: readonly [NDArray, NDArray],
  [v, dv]: readonly [NDArray, NDArray],
  [tau, dtau]: readonly [NDArray, NDArray],
): [NDArray, NDArray] {
  const dot = product(lax, adjoint(lax, v), c);
  const ddot = lax.add(product(lax, adjoint(lax, dv), c), product(lax, adjoint(lax, v), dc));
  const [w, dw] = [product(lax, tau, dot), lax.add(product(lax, dtau, dot), product(lax, tau, ddot))];
  const change = lax.add(product(lax, dv, w), product(lax, v, dw));
  return [lax.sub(c, product(lax, v, w)), lax.sub(dc, change)];
}

/** Below row k of column k of a matrix, under `first` at row k and zeros. */
function vector(lax: Lax, a: NDArray, k: number, first: 0 | 1): NDArray {
  const [m, batch] = [rows(a), batchOf(a)];
  const above = lax.full([...batch, k, 1], 0, a.dtype);
  const one = lax.full([...batch, 1, 1], first, a.dtype);
  return joined(lax, [above, one, block(lax, a, [k + 1, m], [k, k + 1])], -2);
}
/** Element k of vectors, as matrices of one element. */
function factor(lax: Lax, taus: NDArray, k: number): NDArray {
  const element = lax.sliceInDim(taus, k, k + 1, 1, taus.ndim - 1);
  return lax.expandDims(element, [taus.ndim]);
}

/** The first columns of H₁·…·Hₖ, differentiated reflection by reflection. JAX has no rule. */
export function householderTangent(lax: Lax, [a, taus]: readonly NDArray[], [da, dtaus]: readonly Tangent[]): NDArray {
  const [tangents, ofTaus] = [da ?? lax.zerosLike(a!), dtaus ?? lax.zerosLike(taus!)];
  const start = onDiagonal(lax, lax.fullLike(a!, 1));
  let c: [NDArray, NDArray] = [start, lax.zerosLike(start)];
  for (const k of range(columns(taus!)).reverse()) {
    const v = [vector(lax, a!, k, 1), vector(lax, tangents, k, 0)] as const;
    c = reflect(lax, c, v, [factor(lax, taus!, k), factor(lax, ofTaus, k)]);
  }
  return c[1];
}

/**
 * Householder's reflections with their tangents: of β = ∓‖x‖ Re(xᴴ·ẋ)/β, of v = x/(α − β) below its 1
 * (ẋ − v·(α̇ − β̇))/(α − β), of τ = (β − α)/β (β̇ − α̇ − τ·β̇)/β. JAX has no rule.
 */
export function geqrfTangents(
  lax: Lax,
  a: NDArray,
  [packed, taus]: readonly NDArray[],
  da: NDArray,
): [NDArray, NDArray] {
  const [m, n, k] = [rows(a), columns(a), columns(taus!)];
  let c: [NDArray, NDArray] = [a, da];
  const ofV: NDArray[] = [];
  const ofTaus: NDArray[] = [];
  for (const j of range(k)) {
    const [x, dx] = c.map((y) => block(lax, y, [j, m], [j, j + 1])) as [NDArray, NDArray];
    const dAlpha = block(lax, dx, [0, 1], [0, 1]);
    const beta = block(lax, packed!, [j, j + 1], [j, j + 1]);
    const tau = factor(lax, taus!, j);
    const dBeta = lax.div(realPart(lax, product(lax, adjoint(lax, x), dx)), beta);
    const dTau = lax.div(lax.sub(lax.sub(dBeta, dAlpha), lax.mul(tau, dBeta)), beta);
    const v = vector(lax, packed!, j, 1);
    const scale = lax.neg(lax.mul(tau, beta)); // α − β
    const moved = lax.sub(block(lax, c[1], [0, m], [j, j + 1]), product(lax, v, lax.sub(dAlpha, dBeta)));
    const dv = lower(lax, product(lax, moved, lax.div(lax.fullLike(scale, 1), scale)), -j - 1);
    const below = m - j > 1 ? dv : lax.zerosLike(dv);
    c = reflect(lax, c, [v, below], [conjugate(lax, tau), conjugate(lax, dTau)]);
    ofV.push(below);
    ofTaus.push(dTau);
  }
  const rest = lax.full([...batchOf(a), m, n - k], 0, a.dtype);
  const strictlyLower = joined(lax, [...ofV, rest], -1);
  const tausTangent = k === 0 ? lax.zerosLike(taus!) : lax.squeeze(joined(lax, ofTaus, -2), [taus!.ndim]);
  return [lax.add(upper(lax, c[1]), strictlyLower), tausTangent];
}
