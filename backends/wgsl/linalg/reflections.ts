/**
 * Householder's reflections Hₖ = I − τ·v·vᴴ, as in reference/primitives/numerics/decompositions.ts: the diagonal of R is
 * real, of the sign that the element it takes the place of does not have, so that nothing cancels.
 */
import { elementFrom, hostScalar, sizeOf } from '../../../reference/core/host.ts';
import type { QrParams } from '../../../reference/primitives/qr.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { addIndex } from '../compile/index-space.ts';
import type { Graph, Lowerer } from '../compile/lowering.ts';
import { Computation, Indexed, type Node } from '../compile/node.ts';
import { registerOf } from '../compile/types.ts';
import { unitScale } from '../functions/complex-arithmetic.ts';
import { byTeams, copied, Matrix } from './matrices.ts';
import { type Numbers, numbersOf } from './numbers.ts';

/** Column j of C becomes that of H·C; below its diagonal, `column` of V is what follows the 1 in v. */
function reflect(
  k: Builder,
  f: Numbers,
  [c, j]: readonly [Matrix, Code],
  [v, column]: readonly [Matrix, Code],
  tau: Code,
): void {
  const below = addIndex(column, '1u');
  const head = c.at(column, j);
  const dot = k.variable(f.type, head);
  k.loop(below, `${c.rows}u`, '1u', (i) =>
    k.line(`${dot} = ${dot} + ${f.mul(k, f.conj(k, v.at(i, column)), c.at(i, j))};`),
  );
  const along = k.read(f.mul(k, tau, k.read(dot)));
  c.set(column, j, `${head} - ${along}`);
  k.loop(below, `${c.rows}u`, '1u', (i) => c.set(i, j, `${c.at(i, j)} - ${f.mul(k, v.at(i, column), along)}`));
}

/** The reflection that leaves the head of column c only: what it makes of the head, τ, and what v is divided by. */
function reflection(k: Builder, f: Numbers, a: Matrix, c: Code): { beta: Code; tau: Code; divisor: Code; scale: Code } {
  const head = a.at(c, c);
  const below = addIndex(c, '1u');
  const parts = (x: Code): Code => `max(abs(${f.re(x)}), abs(${f.im(x)}))`;
  const largest = k.variable('f32', '0.0');
  k.loop(below, `${a.rows}u`, '1u', (i) => k.line(`${largest} = max(${largest}, ${parts(a.at(i, c))});`));
  const isDone = k.read(`${largest} == 0.0 && ${f.im(head)} == 0.0`);
  const scale = k.call(unitScale, 'f32', k.read(`max(${largest}, ${parts(head)})`));
  const squares = k.variable('f32', '0.0');
  k.loop(c, `${a.rows}u`, '1u', (i) => {
    const x = k.read(`${a.at(i, c)} * ${scale}`);
    k.line(`${squares} = ${squares} + ${f.re(x)} * ${f.re(x)} + ${f.im(x)} * ${f.im(x)};`);
  });
  const scaled = k.read(`${head} * ${scale}`);
  const length = k.read(`sqrt(${squares})`);
  const beta = k.read(f.fromReal(`select(${length}, -${length}, ${f.re(scaled)} >= 0.0)`));
  const divisor = k.read(`${scaled} - ${beta}`);
  const tau = k.variable(f.type, f.fromReal('0.0'));
  const difference = k.read(`${beta} - ${scaled}`);
  k.block(`if (!${isDone})`, () => k.line(`${tau} = ${f.div(k, difference, beta)};`));
  return { beta: k.read(`select(${beta} / ${scale}, ${head}, ${isDone})`), tau: k.read(tau), divisor, scale };
}

export const geqrf: Lowerer<unknown> = (_, [x], __, results) => {
  const { shape, dtype } = x!.type;
  const [m, n] = shape.slice(-2) as [number, number];
  const size = Math.min(m, n);
  const f = numbersOf(dtype);
  return new Computation({
    name: 'geqrf',
    operands: [x!],
    pulled: [x!],
    results: results.map((type) => ({ shape: type.shape, dtype })),
    make(making, { results: [packed, factors] }) {
      copied(making, x!, packed!);
      making.buffers.allocate(factors!);
      byTeams(making, sizeOf(shape.slice(0, -2)), Math.max(m, n), (team, matrix) => {
        const { k } = team;
        const a = new Matrix(k, packed!, matrix, [m, n]);
        const taus = new Matrix(k, factors!, matrix, [1, size]);
        k.loop('0u', `${size}u`, '1u', (c) => {
          const { beta, tau, divisor, scale } = reflection(k, f, a, c);
          const below = addIndex(c, '1u');
          const isDone = k.read(`${f.size(tau)} == 0.0`);
          team.sync();
          team.once(() => {
            a.set(c, c, beta);
            taus.set('0u', c, tau);
          });
          team.each(below, `${m}u`, (i) =>
            k.block(`if (!${isDone})`, () => a.set(i, c, f.div(k, k.read(`${a.at(i, c)} * ${scale}`), divisor))),
          );
          const back = f.conj(k, tau);
          team.each(below, `${n}u`, (j) => k.block(`if (!${isDone})`, () => reflect(k, f, [a, j], [a, c], back)));
        });
      });
    },
  }).results;
};

/** The first columns of H₁·…·Hₖ; one invocation for each of them. */
export const householderProduct: Lowerer<unknown> = (_, [packed, factors]) => {
  const { shape, dtype } = packed!.type;
  const [m, n] = shape.slice(-2) as [number, number];
  const count = factors!.type.shape.at(-1)!;
  const f = numbersOf(dtype);
  return new Computation({
    name: 'householder_product',
    operands: [packed!, factors!],
    results: [{ shape, dtype }],
    make(making, { results: [result] }) {
      making.buffers.allocate(result!);
      making.each(sizeOf(shape.slice(0, -2)) * n, (k, invocation) => {
        const matrix = k.let('u32', `${invocation} / ${n}u`);
        const j = k.let('u32', `${invocation} % ${n}u`);
        const [q, v] = [new Matrix(k, result!, matrix, [m, n]), new Matrix(k, packed!, matrix, [m, n])];
        const taus = new Matrix(k, factors!, matrix, [1, count]);
        const [zero, one] = [f.fromReal('0.0'), f.fromReal('1.0')];
        k.loop('0u', `${m}u`, '1u', (i) => q.set(i, j, `select(${zero}, ${one}, ${i} == ${j})`));
        // Reflectors behind its own leave a column as it is.
        const own = k.let('u32', `min(${j} + 1u, ${count}u)`);
        k.loop('0u', own, '1u', (step) => {
          const c = k.let('u32', `${own} - 1u - ${step}`);
          const tau = taus.at('0u', c);
          reflect(k, f, [q, j], [v, c], tau);
        });
      });
    },
  }).results;
};

/** The upper triangle of the first rows. */
function upperTriangle(x: Node, rows: number): Node {
  const { shape, dtype } = x.type;
  return new Indexed({ shape: shape.with(-2, rows), dtype }, [x], (k, index) => {
    const dims = index.dims(k);
    const [i, j] = dims.slice(-2) as [Code, Code];
    return k.either(
      registerOf(dtype),
      `${i} <= ${j}`,
      () => k.at(x, dims),
      () => k.constant(dtype, 0),
    );
  });
}

/** By the reflectors of geqrf. */
export const qr: Lowerer<QrParams> = (graph: Graph, [x], { full_matrices }) => {
  const { shape, dtype } = x!.type;
  const [m, n] = shape.slice(-2) as [number, number];
  const size = Math.min(m, n);
  const inner = full_matrices ? m : size;
  const [packed, taus] = graph.callAll('geqrf', [x!], {});
  const none = shape.slice(0, -2).map(() => [0, 0, 0] as const);
  const zero = graph.constant(hostScalar(dtype, elementFrom(dtype, 0)));
  const vectors = graph.call('pad', [packed!, zero], { padding_config: [...none, [0, 0, 0], [0, inner - n, 0]] });
  return [graph.call('householder_product', [vectors, taus!], {}), upperTriangle(packed!, inner)];
};
