/**
 * Eigenvalues of Hermitian matrices and singular values of any by Jacobi's rotations, as in
 * reference/primitives/numerics/jacobi.ts: every step is one plane rotation, and what it makes zero is seen to be zero.
 */
import { type Shape, sizeOf } from '../../../reference/core/host.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { addIndex, Index } from '../compile/index-space.ts';
import type { Making } from '../compile/making.ts';
import type { Input, Result } from '../compile/node.ts';
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { unitScale } from '../functions/complex-arithmetic.ts';
import { Matrix, type Team } from './matrices.ts';
import { nan, type Numbers } from './numbers.ts';

/** Rotations converge quadratically: some ten sweeps are enough for any size in use. */
const SWEEPS = 30;

/** Calls `rotate` for all pairs, again and again until none has anything to do. */
export function sweep({ k }: Team, n: number, rotate: (p: Code, q: Code, rotated: () => void) => void): void {
  const going = k.variable('bool', 'true');
  const count = k.fresh('n');
  k.block(`for (var ${count} = 0u; ${count} < ${SWEEPS}u && ${going}; ${count} += 1u)`, () => {
    k.line(`${going} = false;`);
    k.loop('0u', `${n}u`, '1u', (p) =>
      k.loop(addIndex(p, '1u'), `${n}u`, '1u', (q) => rotate(p, q, () => k.line(`${going} = true;`))),
    );
  });
}

/** The tangent of the rotation that makes [[α, g], [g, β]] diagonal (Golub and Van Loan, Matrix Computations, §8.5.2). */
const tangent: WgslFunction = wgslFunction(`
fn jacobi_tangent(alpha: f32, beta: f32, g: f32) -> f32 {
  let tau = (beta - alpha) / (2.0 * g);
  let size = abs(tau);
  if (size > 1e9) { return 0.5 / tau; }
  return select(1.0, -1.0, tau < 0.0) / (size + sqrt(1.0 + tau * tau));
}`);

/** The unitary matrix with the columns (c, −s·w) and (s, c·w), where |w| = 1. */
export interface Rotation {
  /** The tangent s/c. */
  readonly t: Code;
  readonly c: Code;
  readonly s: Code;
  readonly w: Code;
}

/** The rotation that makes the Hermitian matrix [[α, γ], [γ̄, β]] diagonal; `size` is |γ|. */
export function diagonalizing(k: Builder, f: Numbers, alpha: Code, beta: Code, gamma: Code, size: Code): Rotation {
  const t = k.call(tangent, 'f32', alpha, beta, size);
  const c = k.read(`1.0 / sqrt(1.0 + ${t} * ${t})`);
  return { t, c, s: k.read(`${t} * ${c}`), w: f.conj(k, k.read(`${gamma} / ${size}`)) };
}

/** Elements p and q of row i, times the rotation. */
export function rotate(
  k: Builder,
  f: Numbers,
  a: Matrix,
  i: Code,
  [p, q]: readonly [Code, Code],
  r: Rotation,
): [Code, Code] {
  const [x, y] = [a.at(i, p), k.read(f.mul(k, a.at(i, q), r.w))];
  const [left, right] = [k.read(`${x} * ${r.c} - ${y} * ${r.s}`), k.read(`${x} * ${r.s} + ${y} * ${r.c}`)];
  a.set(i, p, left);
  a.set(i, q, right);
  return [left, right];
}

/**
 * For each matrix a power of two that brings its largest element near 1, so that nothing overflows on the way; 0 for one
 * that is not finite. `elements` are visited with `matrix`.
 */
export function scales(
  making: Making,
  batch: Shape,
  f: Numbers,
  visit: (k: Builder, matrix: Code, see: (x: Code) => void) => void,
): Input {
  const found = making.temporary({ shape: batch, dtype: 'float32' });
  making.each(sizeOf(batch), (k, matrix) => {
    const largest = k.variable('u32', '0u');
    const bits = (part: Code): Code => `(bitcast<u32>(f32(${part})) & 0x7fffffffu)`;
    visit(k, matrix, (x) => k.line(`${largest} = max(${largest}, max(${bits(f.re(x))}, ${bits(f.im(x))}));`));
    const own = k.read(largest);
    const power = k.call(unitScale, 'f32', `bitcast<f32>(min(${own}, 0x7f000000u))`);
    k.store(found, matrix, `select(0.0, ${power}, ${own} < 0x7f800000u)`);
  });
  return found;
}

/** For each matrix the places of its n values in order: ascending or descending. */
export function sorted(
  making: Making,
  batch: Shape,
  n: number,
  order: '<' | '>',
  value: (k: Builder, matrix: Code, i: Code) => Code,
): Input {
  const places = making.temporary({ shape: [...batch, n], dtype: 'uint32' });
  making.each(sizeOf(batch) * n, (k, at) => {
    const [matrix, i] = Index.flat([sizeOf(batch), n], at).dims(k);
    const own = k.read(value(k, matrix!, i!));
    const rank = k.variable('u32', '0u');
    k.loop('0u', `${n}u`, '1u', (j) => {
      const other = k.read(value(k, matrix!, j));
      k.line(`if (${other} ${order} ${own} || (${other} == ${own} && ${j} < ${i})) { ${rank} += 1u; }`);
    });
    new Matrix(k, places, matrix!, [1, n]).set('0u', rank, i!);
  });
  return places;
}

/** Defines a result of a matrix each; NaN where `scale` says that the matrix is not finite. */
export function defined(
  making: Making,
  result: Result,
  f: Numbers,
  scale: Input,
  element: (k: Builder, matrix: Code, dims: readonly Code[], scale: Code) => Code,
): void {
  const { shape } = result.type;
  const batch = sizeOf(scale.type.shape);
  const own = shape.slice(scale.type.shape.length);
  making.each(sizeOf(shape), (k, i) => {
    const [matrix, ...dims] = Index.flat([batch, ...own], i).dims(k);
    const power = k.read(k.element(scale, Index.flat([batch], matrix!)));
    const code = k.read(element(k, matrix!, dims, power));
    k.define(result, Index.flat(shape, i), `select(${code}, ${nan(k, f)}, ${power} == 0.0)`);
  });
}
