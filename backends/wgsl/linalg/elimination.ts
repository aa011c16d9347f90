/**
 * Cholesky's factor, triangular systems and Gaussian elimination, as in reference/primitives/numerics/decompositions.ts:
 * textbook and unblocked (Higham, Accuracy and Stability of Numerical Algorithms, chapters 8 to 10).
 */
import { sizeOf } from '../../../reference/core/host.ts';
import type { TriangularSolveParams } from '../../../reference/primitives/triangular-solve.ts';
import type { PermutationParams } from '../../../reference/primitives/lu.ts';
import type { Code } from '../compile/statements.ts';
import { addIndex } from '../compile/index-space.ts';
import type { Lowerer } from '../compile/lowering.ts';
import { Computation } from '../compile/node.ts';
import { byTeams, copied, Matrix } from './matrices.ts';
import { nan, numbersOf } from './numbers.ts';

export const cholesky: Lowerer<unknown> = (_, [x]) => {
  const { shape, dtype } = x!.type;
  const n = shape.at(-1)!;
  const f = numbersOf(dtype);
  return new Computation({
    name: 'cholesky',
    operands: [x!],
    pulled: [x!],
    results: [{ shape, dtype }],
    make(making, { results: [result] }) {
      copied(making, x!, result!);
      byTeams(making, sizeOf(shape.slice(0, -2)), n, (team, matrix) => {
        const { k } = team;
        const l = new Matrix(k, result!, matrix, [n, n]);
        const good = k.variable('bool', 'true');
        k.loop('0u', `${n}u`, '1u', (j) => {
          team.each(j, `${n}u`, (i) => {
            const rest = k.variable(f.type, l.at(i, j));
            k.loop('0u', j, '1u', (p) => k.line(`${rest} = ${rest} - ${f.mul(k, l.at(i, p), f.conj(k, l.at(j, p)))};`));
            l.set(i, j, rest);
          });
          const pivot = k.read(f.re(l.at(j, j)));
          k.line(`${good} = ${good} && ${pivot} > 0.0;`);
          const root = k.read(f.fromReal(`sqrt(${pivot})`));
          team.sync();
          team.each(j, `${n}u`, (i) => l.set(i, j, `select(${f.div(k, l.at(i, j), root)}, ${root}, ${i} == ${j})`));
        });
        team.each('0u', `${n}u`, (i) =>
          k.loop('0u', `${n}u`, '1u', (j) => {
            const lower = k.read(`select(${f.fromReal('0.0')}, ${l.at(i, j)}, ${j} <= ${i})`);
            l.set(i, j, `select(${nan(k, f)}, ${lower}, ${good})`);
          }),
        );
      });
    },
  }).results;
};

/** T·X = B, as X·op(A) = B is op(A)ᵀ·Xᵀ = Bᵀ; one invocation for each column of X. */
export const triangularSolve: Lowerer<TriangularSolveParams> = (_, [a, b], p) => {
  const { shape, dtype } = b!.type;
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [n, count] = p.left_side ? [rows, columns] : [columns, rows];
  const f = numbersOf(dtype);
  const turned = p.transpose_a === p.left_side;
  const isLower = p.lower !== turned;
  return new Computation({
    name: 'triangular_solve',
    operands: [a!, b!],
    pulled: [b!],
    results: [{ shape, dtype }],
    make(making, { results: [result] }) {
      copied(making, b!, result!);
      making.each(sizeOf(shape) / n, (k, invocation) => {
        const matrix = k.let('u32', `${invocation} / ${count}u`);
        const j = k.let('u32', `${invocation} % ${count}u`);
        const own = new Matrix(k, a!, matrix, [n, n]);
        const x = new Matrix(k, result!, matrix, [rows, columns]);
        const t = (i: Code, c: Code): Code => {
          const element = turned ? own.at(c, i) : own.at(i, c);
          return p.conjugate_a ? f.conj(k, element) : element;
        };
        const at = (i: Code): Code => (p.left_side ? x.at(i, j) : x.at(j, i));
        const set = (i: Code, code: Code): void => (p.left_side ? x.set(i, j, code) : x.set(j, i, code));
        k.loop('0u', `${n}u`, '1u', (step) => {
          const i = isLower ? step : k.let('u32', `${n - 1}u - ${step}`);
          const rest = k.variable(f.type, at(i));
          const [from, to] = isLower ? ['0u', i] : [addIndex(i, '1u'), `${n}u`];
          k.loop(from, to, '1u', (c) => k.line(`${rest} = ${rest} - ${f.mul(k, t(i, c), at(c))};`));
          set(i, p.unit_diagonal ? rest : f.div(k, k.read(rest), t(i, i)));
        });
      });
    },
  }).results;
};

/** Elimination with partial pivoting; of equal pivots the first. A column of zeros is left as it is. */
export const lu: Lowerer<unknown> = (_, [x], __, results) => {
  const { shape, dtype } = x!.type;
  const [m, n] = shape.slice(-2) as [number, number];
  const size = Math.min(m, n);
  const f = numbersOf(dtype);
  return new Computation({
    name: 'lu',
    operands: [x!],
    pulled: [x!],
    results: results.map((type) => ({ shape: type.shape, dtype: type.dtype })),
    make(making, { results: [factors, exchanges, permutation] }) {
      copied(making, x!, factors!);
      for (const result of [exchanges!, permutation!]) making.buffers.allocate(result);
      byTeams(making, sizeOf(shape.slice(0, -2)), Math.max(m, n), (team, matrix) => {
        const { k } = team;
        const a = new Matrix(k, factors!, matrix, [m, n]);
        const pivots = new Matrix(k, exchanges!, matrix, [1, size]);
        const order = new Matrix(k, permutation!, matrix, [1, m]);
        team.each('0u', `${m}u`, (i) => order.set('0u', i, `i32(${i})`));
        k.loop('0u', `${size}u`, '1u', (c) => {
          const [pivot, largest] = [k.variable('u32', c), k.variable('f32', f.size(a.at(c, c)))];
          k.loop(addIndex(c, '1u'), `${m}u`, '1u', (i) => {
            const own = k.read(f.size(a.at(i, c)));
            k.line(`if (${own} > ${largest}) { ${largest} = ${own}; ${pivot} = ${i}; }`);
          });
          const row = k.read(pivot);
          team.sync();
          const exchange = (of: Matrix, j: Code, one: Code, other: Code): void => {
            const [above, below] = [of.at(one, j), of.at(other, j)];
            of.set(one, j, below);
            of.set(other, j, above);
          };
          team.once(() => {
            pivots.set('0u', c, `i32(${row})`);
            const [mine, other] = [order.at('0u', c), order.at('0u', row)];
            order.set('0u', c, other);
            order.set('0u', row, mine);
          });
          team.each('0u', `${n}u`, (j) => exchange(a, j, c, row));
          const head = a.at(c, c);
          team.each(addIndex(c, '1u'), `${m}u`, (i) =>
            k.block(`if (${f.size(head)} != 0.0)`, () => {
              const multiplier = k.read(f.div(k, a.at(i, c), head));
              a.set(i, c, multiplier);
              k.loop(addIndex(c, '1u'), `${n}u`, '1u', (j) =>
                a.set(i, j, `${a.at(i, j)} - ${f.mul(k, multiplier, a.at(c, j))}`),
              );
            }),
          );
        });
      });
    },
  }).results;
};

/** Exchanges with a row that is not there: the row read is the nearest, and what would be written there is lost. */
export const luPivotsToPermutation: Lowerer<PermutationParams> = (
  _,
  [pivots],
  { permutation_size: size },
  [result],
) => {
  const { shape, dtype } = result!;
  const count = pivots!.type.shape.at(-1)!;
  return new Computation({
    name: 'lu_pivots_to_permutation',
    operands: [pivots!],
    results: [{ shape, dtype }],
    make(making, { results: [permutation] }) {
      making.buffers.allocate(permutation!);
      making.each(sizeOf(shape.slice(0, -1)), (k, matrix) => {
        const order = new Matrix(k, permutation!, matrix, [1, size]);
        const given = new Matrix(k, pivots!, matrix, [1, count]);
        k.loop('0u', `${size}u`, '1u', (i) => order.set('0u', i, `i32(${i})`));
        k.loop('0u', `${count}u`, '1u', (i) => {
          const pivot = given.at('0u', i);
          const from = k.read(`select(${pivot}, ${pivot} + ${size}, ${pivot} < 0)`);
          const other = order.at('0u', k.read(`u32(clamp(${from}, 0, ${size - 1}))`));
          const mine = order.at('0u', i);
          order.set('0u', i, other);
          k.block(`if (${from} >= 0 && ${from} < ${size})`, () => order.set('0u', `u32(${from})`, mine));
        });
      });
    },
  }).results;
};

/**
 * Elimination with partial pivoting, row by row: a row has up to three elements from its diagonal on, two of which are in
 * the next row too. One invocation for each matrix eliminates, one for each column solves.
 */
export const tridiagonalSolve: Lowerer<unknown> = (_, [dl, d, du, b]) => {
  const { shape, dtype } = b!.type;
  const [n, columns] = shape.slice(-2) as [number, number];
  const batch = shape.slice(0, -2);
  const f = numbersOf(dtype);
  return new Computation({
    name: 'tridiagonal_solve',
    operands: [dl!, d!, du!, b!],
    pulled: [b!],
    results: [{ shape, dtype }],
    make(making, { results: [result] }) {
      copied(making, b!, result!);
      // Per row: the multiplier of the row before, and the elements of U.
      const rows = making.temporary({ shape: [...batch, n, 4], dtype });
      const exchanges = making.temporary({ shape: [...batch, n], dtype: 'uint32' });
      making.each(sizeOf(batch), (k, matrix) => {
        const list = (node: typeof dl): Matrix => new Matrix(k, node!, matrix, [1, n]);
        const [below, middle, above] = [list(dl), list(d), list(du)];
        const [u, exchanged] = [new Matrix(k, rows, matrix, [n, 4]), new Matrix(k, exchanges, matrix, [1, n])];
        const head = k.variable(f.type, middle.at('0u', '0u'));
        const next = k.variable(f.type, above.at('0u', '0u'));
        k.loop('1u', `${n}u`, '1u', (i) => {
          const [low, own] = [below.at('0u', i), middle.at('0u', i)];
          const last = k.read(`select(${f.fromReal('0.0')}, ${above.at('0u', i)}, ${i} + 1u < ${n}u)`);
          const before = k.let('u32', `${i} - 1u`);
          const [first, second] = [k.read(head), k.read(next)];
          const swap = k.read(`${f.size(low)} > ${f.size(first)}`);
          exchanged.set('0u', i, `select(0u, 1u, ${swap})`);
          const pivot = k.read(`select(${first}, ${low}, ${swap})`);
          const other = k.read(`select(${low}, ${first}, ${swap})`);
          const multiplier = k.variable(f.type, f.fromReal('0.0'));
          k.block(`if (${f.size(pivot)} != 0.0)`, () => k.line(`${multiplier} = ${f.div(k, other, pivot)};`));
          const m = k.read(multiplier);
          u.set(i, '0u', m);
          u.set(before, '1u', pivot);
          u.set(before, '2u', `select(${second}, ${own}, ${swap})`);
          u.set(before, '3u', `select(${f.fromReal('0.0')}, ${last}, ${swap})`);
          k.line(`${head} = select(${own} - ${f.mul(k, m, second)}, ${second} - ${f.mul(k, m, own)}, ${swap});`);
          k.line(`${next} = select(${last}, -${f.mul(k, m, last)}, ${swap});`);
        });
        u.set(`${n - 1}u`, '1u', head);
      });
      making.each(sizeOf(batch) * columns, (k, invocation) => {
        const matrix = k.let('u32', `${invocation} / ${columns}u`);
        const j = k.let('u32', `${invocation} % ${columns}u`);
        const [u, exchanged] = [new Matrix(k, rows, matrix, [n, 4]), new Matrix(k, exchanges, matrix, [1, n])];
        const x = new Matrix(k, result!, matrix, [n, columns]);
        k.loop('1u', `${n}u`, '1u', (i) => {
          const before = k.let('u32', `${i} - 1u`);
          const [above, own] = [x.at(before, j), x.at(i, j)];
          const swap = k.read(`${exchanged.at('0u', i)} != 0u`);
          const kept = k.read(`select(${above}, ${own}, ${swap})`);
          const other = k.read(`select(${own}, ${above}, ${swap})`);
          x.set(before, j, kept);
          x.set(i, j, `${other} - ${f.mul(k, u.at(i, '0u'), kept)}`);
        });
        const good = k.variable('bool', 'true');
        const [one, two] = [k.variable(f.type, f.fromReal('0.0')), k.variable(f.type, f.fromReal('0.0'))];
        k.loop('0u', `${n}u`, '1u', (step) => {
          const i = k.let('u32', `${n - 1}u - ${step}`);
          const rest = k.variable(f.type, x.at(i, j));
          for (const [c, behind, value] of [
            [1, '2u', one],
            [2, '3u', two],
          ] as const)
            k.block(`if (${step} >= ${c}u)`, () =>
              k.line(`${rest} = ${rest} - ${f.mul(k, u.at(i, behind), k.read(value))};`),
            );
          const pivot = u.at(i, '1u');
          k.line(`${good} = ${good} && ${f.size(pivot)} != 0.0;`);
          const solved = k.read(f.div(k, k.read(rest), pivot));
          x.set(i, j, solved);
          k.line(`${two} = ${one};`);
          k.line(`${one} = ${solved};`);
        });
        k.block(`if (!${good})`, () => k.loop('0u', `${n}u`, '1u', (i) => x.set(i, j, nan(k, f))));
      });
    },
  }).results;
};
