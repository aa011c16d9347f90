/** Singular values and vectors, by rotations that make columns orthogonal (Hestenes, 1958). */
import { type Shape, sizeOf } from '../../../reference/core/host.ts';
import type { SvdParams } from '../../../reference/primitives/svd.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { Index } from '../compile/index-space.ts';
import type { Lowerer } from '../compile/lowering.ts';
import type { Making } from '../compile/making.ts';
import { Computation, type Input, type Node } from '../compile/node.ts';
import { defined, diagonalizing, rotate, scales, sorted, sweep } from './jacobi.ts';
import { byTeams, Matrix, type Team } from './matrices.ts';
import { type Numbers, numbersOf } from './numbers.ts';

/** The inner products of columns that are smaller than this, beside others of size 1, underflow: their directions say nothing. */
const TINY = 2 ** -45;

/** A batch of matrices with at least as many rows as columns: A, or Aᴴ where that is so. */
interface Tall {
  readonly f: Numbers;
  readonly batch: Shape;
  readonly rows: number;
  readonly columns: number;
}

/** Element j of a list for each matrix. */
const listed = (k: Builder, list: Node, matrix: Code, j: Code): Code =>
  new Matrix(k, list, matrix, [1, list.type.shape.at(-1)!]).at('0u', j);

/** Rotates the columns of x until they are orthogonal, and those of v with them; then `sizes` are their lengths. */
function orthogonalize(
  making: Making,
  { f, batch, rows, columns }: Tall,
  x: Input,
  v: Input | null,
  sizes: Input,
): void {
  // The rounding of the inner product of two columns.
  const negligible = `${Math.fround(Math.sqrt(rows) * 2 ** -23)}f`;
  byTeams(making, sizeOf(batch), rows, (team, matrix) => {
    const { k } = team;
    const own = new Matrix(k, x, matrix, [rows, columns]);
    const turned = v && new Matrix(k, v, matrix, [columns, columns]);
    const squares = (i: Code, j: Code): Code => squareOf(k, f, own.at(i, j));
    sweep(team, columns, (p, q, rotated) => {
      const alpha = team.total('f32', '0u', `${rows}u`, (i) => squares(i, p));
      const beta = team.total('f32', '0u', `${rows}u`, (i) => squares(i, q));
      const gamma = inner(team, f, own, p, q, rows);
      const size = k.read(f.abs(k, gamma));
      const isOpen = `${size} > ${negligible} * sqrt(${alpha}) * sqrt(${beta})`;
      team.when(`min(${alpha}, ${beta}) > ${TINY ** 2}f && ${isOpen}`, () => {
        rotated();
        const rotation = diagonalizing(k, f, alpha, beta, gamma, size);
        team.each('0u', `${rows}u`, (i) => {
          rotate(k, f, own, i, [p, q], rotation);
          if (turned) k.block(`if (${i} < ${columns}u)`, () => rotate(k, f, turned, i, [p, q], rotation));
        });
      });
    });
    const lengths = new Matrix(k, sizes, matrix, [1, columns]);
    team.each('0u', `${columns}u`, (j) => {
      const sum = k.variable('f32', '0.0');
      k.loop('0u', `${rows}u`, '1u', (i) => k.line(`${sum} = ${sum} + ${squares(i, j)};`));
      lengths.set('0u', j, `sqrt(${sum})`);
    });
  });
}

const squareOf = (k: Builder, f: Numbers, x: Code): Code => k.read(`${f.re(x)} * ${f.re(x)} + ${f.im(x)} * ${f.im(x)}`);

/** The inner product of columns p and q, the first conjugated. */
const inner = (team: Team, f: Numbers, a: Matrix, p: Code, q: Code, rows: number): Code =>
  team.total(f.type, '0u', `${rows}u`, (i) => f.mul(team.k, f.conj(team.k, a.at(i, p)), a.at(i, q)));

/**
 * The columns of x in order and of length 1, with more of them behind to make `count`: each the unit vector that is
 * farthest from all before, made orthogonal to them.
 */
function orthonormal(
  making: Making,
  tall: Tall,
  [x, sizes, order]: readonly [Input, Input, Input],
  count: number,
): Input {
  const { f, batch, rows, columns } = tall;
  const basis = making.temporary({ shape: [...batch, rows, count], dtype: f.dtype });
  const rests = making.temporary({ shape: [...batch, rows], dtype: 'float32' });
  const [zero, one] = [f.fromReal('0.0'), f.fromReal('1.0')];
  byTeams(making, sizeOf(batch), rows, (team, matrix) => {
    const { k } = team;
    const u = new Matrix(k, basis, matrix, [rows, count]);
    const rest = new Matrix(k, rests, matrix, [1, rows]);
    const known = k.variable('u32', '0u');
    k.loop('0u', `${columns}u`, '1u', (j) => {
      const from = listed(k, order, matrix, j);
      const size = listed(k, sizes, matrix, from);
      k.block(`if (${size} > ${TINY}f)`, () => {
        k.line(`${known} += 1u;`);
        team.share('0u', `${rows}u`, (i) =>
          u.set(i, j, `${new Matrix(k, x, matrix, [rows, columns]).at(i, from)} / ${size}`),
        );
      });
    });
    team.sync();
    k.loop('0u', `${count}u`, '1u', (j) =>
      team.when(`${j} >= ${known}`, () => {
        team.each('0u', `${rows}u`, (i) => {
          const left = k.variable('f32', '1.0');
          k.loop('0u', j, '1u', (b) => k.line(`${left} = ${left} - ${squareOf(k, f, u.at(i, b))};`));
          rest.set('0u', i, left);
        });
        const [farthest, most] = [k.variable('u32', '0u'), k.variable('f32', rest.at('0u', '0u'))];
        k.loop('1u', `${rows}u`, '1u', (i) => {
          const own = rest.at('0u', i);
          k.line(`if (${own} > ${most}) { ${most} = ${own}; ${farthest} = ${i}; }`);
        });
        team.each('0u', `${rows}u`, (i) => u.set(i, j, `select(${zero}, ${one}, ${i} == ${farthest})`));
        k.loop('0u', '2u', '1u', () =>
          // twice is enough (Parlett)
          k.loop('0u', j, '1u', (b) => {
            const along = inner(team, f, u, b, j, rows);
            team.each('0u', `${rows}u`, (i) => u.set(i, j, `${u.at(i, j)} - ${f.mul(k, along, u.at(i, b))}`));
          }),
        );
        const size = k.read(`sqrt(${team.total('f32', '0u', `${rows}u`, (i) => squareOf(k, f, u.at(i, j)))})`);
        team.each('0u', `${rows}u`, (i) => u.set(i, j, `${u.at(i, j)} / ${size}`));
      }),
    );
  });
  return basis;
}

export const svd: Lowerer<SvdParams> = (_, [a], { full_matrices, compute_uv }, results) => {
  const { shape, dtype } = a!.type;
  const batch = shape.slice(0, -2);
  const [m, n] = shape.slice(-2) as [number, number];
  const f = numbersOf(dtype);
  const part = numbersOf('float32');
  const isTall = m >= n;
  const tall: Tall = { f, batch, rows: Math.max(m, n), columns: Math.min(m, n) };
  const { rows, columns } = tall;
  return new Computation({
    name: 'svd',
    operands: [a!],
    results: results.map((type) => ({ shape: type.shape, dtype: type.dtype })),
    make(making, { results: [values, left, right] }) {
      const scale = scales(making, batch, f, (k, matrix, see) => {
        const own = new Matrix(k, a!, matrix, [1, m * n]);
        k.loop('0u', `${m * n}u`, '1u', (i) => see(own.at('0u', i)));
      });
      const x = making.temporary({ shape: [...batch, rows, columns], dtype });
      making.each(sizeOf(shape), (k, at) => {
        const [matrix, i, j] = Index.flat([sizeOf(batch), rows, columns], at).dims(k) as [Code, Code, Code];
        const given = new Matrix(k, a!, matrix, [m, n]);
        const own = isTall ? given.at(i, j) : f.conj(k, given.at(j, i));
        const power = k.element(scale, Index.flat([sizeOf(batch)], matrix));
        k.store(x, at, `select(${own} * ${power}, ${f.fromReal('0.0')}, ${power} == 0.0)`);
      });
      const v = compute_uv ? making.temporary({ shape: [...batch, columns, columns], dtype }) : null;
      if (v)
        making.each(sizeOf(v.type.shape), (k, at) => {
          const [, i, j] = Index.flat([sizeOf(batch), columns, columns], at).dims(k);
          k.store(v, at, `select(${f.fromReal('0.0')}, ${f.fromReal('1.0')}, ${i} == ${j})`);
        });
      const sizes = making.temporary({ shape: [...batch, columns], dtype: 'float32' });
      orthogonalize(making, tall, x, v, sizes);
      const order = sorted(making, batch, columns, '>', (k, matrix, j) => listed(k, sizes, matrix, j));
      defined(making, values!, part, scale, (k, matrix, [j], power) => {
        const from = listed(k, order, matrix, j!);
        return `${listed(k, sizes, matrix, from)} / ${power}`;
      });
      if (!v) return;
      const count = full_matrices ? rows : columns;
      const basis = orthonormal(making, tall, [x, sizes, order], count);
      const long = (k: Builder, matrix: Code, i: Code, j: Code): Code =>
        new Matrix(k, basis, matrix, [rows, count]).at(i, j);
      const short = (k: Builder, matrix: Code, i: Code, j: Code): Code =>
        new Matrix(k, v, matrix, [columns, columns]).at(i, listed(k, order, matrix, j));
      const [u, w] = isTall ? [long, short] : [short, long];
      defined(making, left!, f, scale, (k, matrix, [i, j]) => u(k, matrix, i!, j!));
      defined(making, right!, f, scale, (k, matrix, [i, j]) => f.conj(k, w(k, matrix, j!, i!)));
    },
  }).results;
};
