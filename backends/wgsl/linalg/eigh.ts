/** Eigenvalues and eigenvectors of Hermitian matrices. */
import { sizeOf } from '../../../reference/core/host.ts';
import type { EighParams } from '../../../reference/primitives/eigh.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { Index } from '../compile/index-space.ts';
import type { Lowerer } from '../compile/lowering.ts';
import { Computation, type Node } from '../compile/node.ts';
import { defined, diagonalizing, rotate, scales, sorted, sweep } from './jacobi.ts';
import { byTeams, Matrix } from './matrices.ts';
import { type Numbers, numbersOf } from './numbers.ts';

/** Elements that small, beside one of size 1, change eigenvalues by less than the rounding of the rotations does. */
const NEGLIGIBLE = `${2 ** -31}f`;

/** An element of the Hermitian matrix of which one triangle is read. */
function completed(k: Builder, f: Numbers, a: Matrix, i: Code, j: Code, lower: boolean): Code {
  const [low, high] = [k.let('u32', `min(${i}, ${j})`), k.let('u32', `max(${i}, ${j})`)];
  const own = lower ? a.at(high, low) : a.at(low, high);
  if (f.type === 'f32') return own;
  const mirrored = lower ? `${i} < ${j}` : `${i} > ${j}`;
  return k.read(`vec2f(${own}.x, select(select(${own}.y, -${own}.y, ${mirrored}), 0.0, ${i} == ${j}))`);
}

export const eigh: Lowerer<EighParams> = (_, [x], { lower }, results) => {
  const { shape, dtype } = x!.type;
  const batch = shape.slice(0, -2);
  const n = shape.at(-1)!;
  const f = numbersOf(dtype);
  const part = numbersOf('float32');
  return new Computation({
    name: 'eigh',
    operands: [x!],
    results: results.map((type) => ({ shape: type.shape, dtype: type.dtype })),
    make(making, { results: [vectors, values] }) {
      const matrixOf = (k: Builder, node: Node, matrix: Code): Matrix => new Matrix(k, node, matrix, [n, n]);
      const scale = scales(making, batch, f, (k, matrix, see) => {
        const a = matrixOf(k, x!, matrix);
        k.loop('0u', `${n}u`, '1u', (i) => k.loop('0u', `${n}u`, '1u', (j) => see(completed(k, f, a, i, j, lower))));
      });
      const [work, turned] = [making.temporary({ shape, dtype }), making.temporary({ shape, dtype })];
      making.each(sizeOf(shape), (k, at) => {
        const [matrix, i, j] = Index.flat([sizeOf(batch), n, n], at).dims(k) as [Code, Code, Code];
        const own = completed(k, f, matrixOf(k, x!, matrix), i, j, lower);
        const power = k.element(scale, Index.flat([sizeOf(batch)], matrix));
        k.store(work, at, `select(${own} * ${power}, ${f.fromReal('0.0')}, ${power} == 0.0)`);
        k.store(turned, at, `select(${f.fromReal('0.0')}, ${f.fromReal('1.0')}, ${i} == ${j})`);
      });
      byTeams(making, sizeOf(batch), n, (team, matrix) => {
        const { k } = team;
        const [a, v] = [matrixOf(k, work, matrix), matrixOf(k, turned, matrix)];
        sweep(team, n, (p, q, rotated) => {
          const gamma = a.at(p, q);
          const size = k.read(f.abs(k, gamma));
          team.when(`${size} > ${NEGLIGIBLE}`, () => {
            rotated();
            const [alpha, beta] = [k.read(f.re(a.at(p, p))), k.read(f.re(a.at(q, q)))];
            const rotation = diagonalizing(k, f, alpha, beta, gamma, size);
            team.sync();
            team.each('0u', `${n}u`, (i) => {
              rotate(k, f, v, i, [p, q], rotation);
              k.block(`if (${i} != ${p} && ${i} != ${q})`, () => {
                const [left, right] = rotate(k, f, a, i, [p, q], rotation);
                a.set(p, i, f.conj(k, left));
                a.set(q, i, f.conj(k, right));
              });
              k.block(`if (${i} == ${p})`, () => {
                a.set(p, p, f.fromReal(`${alpha} - ${rotation.t} * ${size}`));
                a.set(q, q, f.fromReal(`${beta} + ${rotation.t} * ${size}`));
                a.set(p, q, f.fromReal('0.0'));
                a.set(q, p, f.fromReal('0.0'));
              });
            });
          });
        });
      });
      const order = sorted(making, batch, n, '<', (k, matrix, i) => f.re(matrixOf(k, work, matrix).at(i, i)));
      const place = (k: Builder, matrix: Code, j: Code): Code => new Matrix(k, order, matrix, [1, n]).at('0u', j);
      defined(making, vectors!, f, scale, (k, matrix, [i, j]) =>
        matrixOf(k, turned, matrix).at(i!, place(k, matrix, j!)),
      );
      defined(making, values!, part, scale, (k, matrix, [j], power) => {
        const own = place(k, matrix, j!);
        return `${f.re(matrixOf(k, work, matrix).at(own, own))} / ${power}`;
      });
    },
  }).results;
};
