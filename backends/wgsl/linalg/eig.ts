/**
 * Eigenvalues and eigenvectors of any square matrix, by Schur's form (Golub and Van Loan, Matrix Computations, §7.4 and
 * §7.6): plane rotations, QR steps with one shift, and substitution. Real matrices are taken as complex ones.
 */
import { sizeOf } from '../../../reference/core/host.ts';
import type { EigParams } from '../../../reference/primitives/eig.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { Index } from '../compile/index-space.ts';
import type { Lowerer } from '../compile/lowering.ts';
import { Computation, type Node } from '../compile/node.ts';
import { complexSqrt } from '../functions/complex-logarithms.ts';
import { defined, type Rotation, rotate, scales } from './jacobi.ts';
import { byTeams, Matrix, type Team } from './matrices.ts';
import { numbersOf } from './numbers.ts';

const f = numbersOf('complex64');
/** Half a unit of 1. */
const U = `${2 ** -24}f`;
/** What is nothing beside an element of size 1. */
const NOTHING = `${2 ** -60}f`;
/** QR steps for one eigenvalue; most take two or three. */
const STEPS = 40;
/** Elements of vectors are kept below this. */
const LARGE = `${2 ** 40}f`;

/** The rotation J for which Jᴴ·(x, y) is (r, 0). */
function rotationToZero(k: Builder, x: Code, y: Code): Rotation {
  const [a, b] = [k.read(f.abs(k, x)), k.read(f.abs(k, y))];
  const size = k.read(f.abs(k, k.read(`vec2f(${a}, ${b})`)));
  const phase = (z: Code, length: Code): Code =>
    k.read(`select(vec2f(1.0, 0.0), ${z} / ${length}, ${length} > ${NOTHING})`);
  const turn = k.read(f.mul(k, f.conj(k, phase(x, a)), phase(y, b)));
  return { t: '', c: k.read(`${a} / ${size}`), s: k.read(`${b} / ${size}`), w: k.read(`-${turn}`) };
}

/** What is turned into Schur's form, and the columns of what is accumulated. */
interface Form {
  readonly team: Team;
  readonly t: Matrix;
  readonly q: Matrix;
  readonly n: number;
}

/** Rows and columns p and p + 1 of T, columns of Q. Everybody must have read what the rotation is made of. */
function turn({ team, t, q, n }: Form, p: Code, r: Rotation): void {
  const { k } = team;
  const next = k.let('u32', `${p} + 1u`);
  const back = f.conj(k, r.w);
  team.sync();
  team.each('0u', `${n}u`, (j) => {
    const [x, y] = [t.at(p, j), k.read(f.mul(k, t.at(next, j), back))];
    t.set(p, j, `${x} * ${r.c} - ${y} * ${r.s}`);
    t.set(next, j, `${x} * ${r.s} + ${y} * ${r.c}`);
  });
  team.each('0u', `${n}u`, (i) => {
    rotate(k, f, t, i, [p, next], r);
    rotate(k, f, q, i, [p, next], r);
  });
}

/** Makes element (i, c) zero by the row above it. */
function annihilate(form: Form, i: Code, c: Code): void {
  const { team, t } = form;
  const { k } = team;
  const above = k.let('u32', `${i} - 1u`);
  const [x, y] = [t.at(above, c), t.at(i, c)];
  team.when(`${f.abs(k, y)} > ${NOTHING}`, () => turn(form, above, rotationToZero(k, x, y)));
  team.sync();
  team.once(() => t.set(i, c, 'vec2f()'));
  team.sync();
}

/** Wilkinson's shift: the eigenvalue of the last block of size 2 that is nearer to its last element; now and then another. */
function shiftOf({ team: { k }, t }: Form, hi: Code, isExceptional: Code): Code {
  const before = k.let('u32', `${hi} - 1u`);
  const [a, b, c, d] = [t.at(before, before), t.at(before, hi), t.at(hi, before), t.at(hi, hi)];
  const p = k.read(`(${a} - ${d}) * 0.5`);
  const root = k.call(complexSqrt, 'vec2f', k.read(`${f.mul(k, p, p)} + ${f.mul(k, b, c)}`));
  const [first, second] = [k.read(`${p} + ${root}`), k.read(`${p} - ${root}`)];
  const nearer = `select(${second}, ${first}, ${f.abs(k, first)} < ${f.abs(k, second)})`;
  return k.read(`${d} + select(${nearer}, vec2f(${f.abs(k, c)}, 0.0), ${isExceptional})`);
}

/** Turns a matrix that was scaled into Schur's form. */
function schur(form: Form): void {
  const { team, t, n } = form;
  const { k } = team;
  k.loop('2u', `${n}u`, '1u', (end) => {
    const c = k.let('u32', `${end} - 2u`);
    k.loop(end, `${n}u`, '1u', (step) => annihilate(form, k.let('u32', `${n - 1}u + ${end} - ${step}`), c));
  });
  const [high, since] = [k.variable('u32', `${n - 1}u`), k.variable('u32', '0u')];
  const count = k.fresh('n');
  k.block(`for (var ${count} = 0u; ${count} < ${STEPS * n}u && ${high} > 0u; ${count} += 1u)`, () => {
    const hi = k.read(high);
    const low = k.variable('u32', hi);
    k.block(`while (${low} > 0u)`, () => {
      const own = k.read(low);
      const before = k.read(`${own} - 1u`);
      const around = k.read(`${f.abs(k, t.at(before, before))} + ${f.abs(k, t.at(own, own))}`);
      k.line(`if (${f.abs(k, t.at(own, before))} <= max(${U} * ${around}, ${2 ** -31}f)) { break; }`);
      k.line(`${low} = ${before};`);
    });
    const lo = team.uniform(low);
    team.once(() => k.block(`if (${lo} > 0u)`, () => t.set(lo, k.read(`${lo} - 1u`), 'vec2f()')));
    team.sync();
    k.block(`if (${lo} == ${hi})`, () => {
      k.line(`${high} = ${hi} - 1u;`);
      k.line(`${since} = 0u;`);
    });
    k.block('else', () => {
      k.line(`${since} += 1u;`);
      const shift = shiftOf(form, hi, k.read(`${since} % 10u == 0u`));
      const x = k.read(`${t.at(lo, lo)} - ${shift}`);
      const y = t.at(k.read(`${lo} + 1u`), lo);
      turn(form, lo, rotationToZero(k, x, y));
      k.loop(k.read(`${lo} + 2u`), k.read(`${hi} + 1u`), '1u', (i) => annihilate(form, i, k.read(`${i} - 2u`)));
    });
  });
}

/** The eigenvectors of T, or of Tᴴ, as columns of x: one element after the other, from the diagonal up, or down. */
function substitute(k: Builder, t: Matrix, x: Matrix, j: Code, n: number, side: 'left' | 'right'): void {
  const value = t.at(j, j);
  const isRight = side === 'right';
  k.loop('0u', `${n}u`, '1u', (i) => x.set(i, j, `select(vec2f(), vec2f(1.0, 0.0), ${i} == ${j})`));
  k.loop('1u', isRight ? k.read(`${j} + 1u`) : k.read(`${n}u - ${j}`), '1u', (distance) => {
    const i = k.read(isRight ? `${j} - ${distance}` : `${j} + ${distance}`);
    const [from, to] = isRight ? [k.read(`${i} + 1u`), k.read(`${j} + 1u`)] : [j, i];
    const rest = k.variable('vec2f', 'vec2f()');
    k.loop(from, to, '1u', (c) => {
      const factor = isRight ? t.at(i, c) : f.conj(k, t.at(c, i));
      k.line(`${rest} = ${rest} - ${f.mul(k, factor, x.at(c, j))};`);
    });
    const apart = k.read(`${t.at(i, i)} - ${value}`);
    const own = isRight ? apart : f.conj(k, apart);
    // A smaller divisor is that of a value which rounding cannot tell from this one.
    const divisor = k.read(`select(${own}, vec2f(${U}, 0.0), ${f.abs(k, own)} < ${U})`);
    const solved = k.read(f.div(k, k.read(rest), divisor));
    x.set(i, j, solved);
    const size = k.read(f.abs(k, solved));
    k.block(`if (${size} > ${LARGE})`, () =>
      k.loop('0u', `${n}u`, '1u', (c) => x.set(c, j, `${x.at(c, j)} / ${size}`)),
    );
  });
}

/** A column of y becomes Q·x, of length 1, its largest element real and positive. */
function finish(k: Builder, q: Matrix, x: Matrix, y: Matrix, j: Code, n: number): void {
  const [best, most] = [k.variable('vec2f', 'vec2f()'), k.variable('f32', '-1.0')];
  k.loop('0u', `${n}u`, '1u', (i) => {
    const sum = k.variable('vec2f', 'vec2f()');
    k.loop('0u', `${n}u`, '1u', (c) => k.line(`${sum} = ${sum} + ${f.mul(k, q.at(i, c), x.at(c, j))};`));
    const own = k.read(sum);
    y.set(i, j, own);
    k.line(`if (${f.abs(k, own)} > ${most}) { ${most} = ${f.abs(k, own)}; ${best} = ${own}; }`);
  });
  const largest = k.read(best);
  const squares = k.variable('f32', '0.0');
  k.loop('0u', `${n}u`, '1u', (i) => {
    const relative = k.read(f.div(k, y.at(i, j), largest));
    y.set(i, j, relative);
    k.line(`${squares} = ${squares} + dot(${relative}, ${relative});`);
  });
  const length = k.read(`sqrt(${squares})`);
  k.loop('0u', `${n}u`, '1u', (i) => y.set(i, j, `${y.at(i, j)} / ${length}`));
}

export const eig: Lowerer<EigParams> = (_, [a], p, results) => {
  const { shape, dtype } = a!.type;
  const batch = shape.slice(0, -2);
  const n = shape.at(-1)!;
  const given = numbersOf(dtype);
  return new Computation({
    name: 'eig',
    operands: [a!],
    results: results.map((type) => ({ shape: type.shape, dtype: type.dtype })),
    make(making, { results: [values, ...vectors] }) {
      const of = (k: Builder, node: Node, matrix: Code): Matrix => new Matrix(k, node, matrix, [n, n]);
      const scale = scales(making, batch, given, (k, matrix, see) => {
        const own = new Matrix(k, a!, matrix, [1, n * n]);
        k.loop('0u', `${n * n}u`, '1u', (i) => see(own.at('0u', i)));
      });
      const whole = { shape, dtype: 'complex64' } as const;
      const [t, q, x, y] = [whole, whole, whole, whole].map((type) => making.temporary(type)) as [
        Node,
        Node,
        Node,
        Node,
      ];
      making.each(sizeOf(shape), (k, at) => {
        const [matrix, i, j] = Index.flat([sizeOf(batch), n, n], at).dims(k) as [Code, Code, Code];
        const own = of(k, a!, matrix).at(i, j);
        const power = k.element(scale, Index.flat([sizeOf(batch)], matrix));
        const complex = dtype === 'complex64' ? `${own} * ${power}` : `vec2f(${own} * ${power}, 0.0)`;
        k.store(t, at, `select(${complex}, vec2f(), ${power} == 0.0)`);
        k.store(q, at, `select(vec2f(), vec2f(1.0, 0.0), ${i} == ${j})`);
      });
      byTeams(making, sizeOf(batch), n, (team, matrix) =>
        schur({ team, t: of(team.k, t, matrix), q: of(team.k, q, matrix), n }),
      );
      defined(making, values!, f, scale, (k, matrix, [j], power) => `${of(k, t, matrix).at(j!, j!)} / ${power}`);
      const sides = [
        ...(p.compute_left_eigenvectors ? ['left'] : []),
        ...(p.compute_right_eigenvectors ? ['right'] : []),
      ];
      sides.forEach((side, at) => {
        making.each(sizeOf(batch) * n, (k, invocation) => {
          const [matrix, j] = Index.flat([sizeOf(batch), n], invocation).dims(k) as [Code, Code];
          substitute(k, of(k, t, matrix), of(k, x, matrix), j, n, side as 'left' | 'right');
          finish(k, of(k, q, matrix), of(k, x, matrix), of(k, y, matrix), j, n);
        });
        defined(making, vectors[at]!, f, scale, (k, matrix, [i, j]) => of(k, y, matrix).at(i!, j!));
      });
    },
  }).results;
};
